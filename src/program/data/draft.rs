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
    pub hold_out: Option<f64>,
}

/// A field as it is at this point.
#[derive(Clone, Debug, PartialEq)]
pub struct Making {
    pub name: String,
    pub form: Form,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// `[N, C, H, W]`, from 0 to 1.
    Picture,
    /// The same after `normalize`.
    Normalized,
    Class(u64),
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
        }
    }

    pub fn finished(&self) -> Field {
        Field {
            name: self.name.clone(),
            kind: match self.form {
                Form::Picture | Form::Normalized => FieldKind::Real,
                Form::Class(count) => FieldKind::Class(count),
            },
            shape: self.shape.clone(),
        }
    }
}

/// As messages show it.
impl fmt::Display for Making {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Picture | Form::Normalized => write!(f, "pictures {}", self.shape),
            Form::Class(count) => write!(f, "class({count}){}", self.shape),
        }
    }
}
