//! A data set while its pipeline is read.

use crate::plan::{DataSource, Field, FieldKind, Transform};
use crate::shape::{Dim, Shape};
use std::fmt;

pub struct Draft {
    pub sources: Vec<DataSource>,
    pub fields: Vec<Making>,
    pub transforms: Vec<Transform>,
    /// The number of samples in a step.
    pub batch: Option<u64>,
    pub drop_last: bool,
    pub mixup: Option<f64>,
    pub cutmix: Option<f64>,
    pub hold_out: Option<f64>,
}

/// A field as it is at this point.
#[derive(Clone, Debug, PartialEq)]
pub struct Making {
    pub name: String,
    pub form: Form,
    pub shape: Shape,
    /// Whether training sees it otherwise than evaluation.
    pub augmented: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A column of a table that nothing has given a type yet.
    Column,
    /// `[N, …]`
    Real,
    /// `[N, C, H, W]`, from 0 to 1.
    Picture,
    /// The same after `normalize`.
    Normalized,
    /// Whole numbers below this.
    Id(u64),
    Class(u64),
    /// A class after pictures were mixed.
    Probability(u64),
}

impl Draft {
    pub fn field(&self, name: &str) -> Option<&Making> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Adds a field, or replaces the one of that name.
    pub fn bind(&mut self, field: Making) {
        match self.fields.iter_mut().find(|f| f.name == field.name) {
            Some(place) => *place = field,
            None => self.fields.push(field),
        }
    }
}

impl Making {
    pub fn new(name: &str, form: Form, sizes: &[u64]) -> Making {
        let sizes = sizes.iter().map(|size| Dim::Known(*size));
        Making {
            name: name.to_string(),
            form,
            shape: Shape(std::iter::once(Dim::batch()).chain(sizes).collect()),
            augmented: false,
        }
    }

    /// Height and width of a picture, where all have the same.
    pub fn size(&self) -> Option<(u64, u64)> {
        match self.shape.0.as_slice() {
            [_, _, Dim::Known(height), Dim::Known(width)] => Some((*height, *width)),
            _ => None,
        }
    }

    pub fn finished(&self) -> Field {
        Field {
            name: self.name.clone(),
            kind: match self.form {
                Form::Picture | Form::Normalized | Form::Real | Form::Column => FieldKind::Real,
                Form::Id(bound) => FieldKind::Id(bound),
                Form::Class(count) => FieldKind::Class(count),
                Form::Probability(count) => FieldKind::Probability(count),
            },
            shape: self.shape.clone(),
            augmented: self.augmented,
            channels_last: false,
        }
    }
}

/// As messages show it.
impl fmt::Display for Making {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Picture | Form::Normalized => write!(f, "pictures {}", self.shape),
            Form::Column => f.write_str("a column without a type"),
            Form::Real => write!(f, "{}", self.shape),
            Form::Id(bound) => write!(f, "id({bound}){}", self.shape),
            Form::Class(count) => write!(f, "class({count}){}", self.shape),
            Form::Probability(_) => write!(f, "probability{}", self.shape),
        }
    }
}
