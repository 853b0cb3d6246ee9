//! A data set while its pipeline is read.

use crate::plan::{Column, DataSource, Field, FieldKind, Read, Transform, Words};
use crate::shape::{Dim, Shape};
use std::fmt;

pub struct Draft {
    pub sources: Vec<DataSource>,
    pub fields: Vec<Making>,
    pub transforms: Vec<Transform>,
    /// The fields that are words of tokens, with how they became tokens.
    pub words: Vec<(String, Words)>,
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
    /// Tokens of texts of any length.
    Texts(u64),
    /// The word of each token. No field that a network can have.
    Words,
    /// A class for each word.
    OfWords,
    Bool,
    /// `[N, …]`
    Real,
    /// `[N, C, H, W]`, from 0 to 1.
    Picture,
    /// The same after `normalize`.
    Normalized,
    /// Whole numbers below this.
    Id(u64),
    Class(u64),
    /// A class, or none that counts.
    Label(u64),
    /// A class after pictures were mixed.
    Probability(u64),
}

impl Draft {
    pub fn field(&self, name: &str) -> Option<&Making> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The columns of its tables.
    pub fn columns(&self) -> impl Iterator<Item = &Column> + Clone {
        self.sources.iter().flat_map(DataSource::columns)
    }

    /// The columns of each table.
    fn tables_mut(&mut self) -> impl Iterator<Item = &mut Vec<Column>> {
        self.sources.iter_mut().filter_map(|source| match source {
            DataSource::Table { columns, .. } => Some(columns),
            _ => None,
        })
    }

    /// What the table's column that begins a field holds; none if no column does.
    pub fn read(&self, field: &str) -> Option<&Column> {
        self.columns().find(|column| column.field == field)
    }

    pub fn set_read(&mut self, field: &str, read: &Read) {
        let columns = self.tables_mut().flatten();
        let own = columns.filter(|column| column.field == field);
        own.for_each(|column| column.read = read.clone());
    }

    /// Says what the classes of a field's column are called.
    pub fn set_names(&mut self, field: &str, names: &[String]) {
        let columns = self.tables_mut().flatten();
        let own = columns.filter(|column| column.field == field);
        own.for_each(|column| column.names = names.to_vec());
    }

    /// Begins a field with a column of the tables.
    pub fn add_column(&mut self, column: &Column) {
        self.tables_mut()
            .for_each(|columns| columns.push(column.clone()));
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

    /// One whose samples have no common size yet.
    pub fn open(name: &str, form: Form) -> Making {
        let mut making = Making::new(name, form, &[]);
        making.shape.0.push(Dim::Unknown);
        making
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
                Form::Picture | Form::Normalized | Form::Real => FieldKind::Real,
                // never finished, which has been reported
                Form::Column | Form::Texts(_) | Form::Words | Form::OfWords => FieldKind::Real,
                Form::Bool => FieldKind::Bool,
                Form::Id(bound) => FieldKind::Id(bound),
                Form::Label(count) => FieldKind::Label(count),
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
            Form::Texts(_) => f.write_str("texts of any length"),
            Form::Words => f.write_str("the words of tokens"),
            Form::OfWords => f.write_str("classes of words"),
            Form::Bool => write!(f, "bool{}", self.shape),
            Form::Label(count) => write!(
                f,
                "class({count}){}, of which some do not count",
                self.shape
            ),
            Form::Real => write!(f, "{}", self.shape),
            Form::Id(bound) => write!(f, "id({bound}){}", self.shape),
            Form::Class(count) => write!(f, "class({count}){}", self.shape),
            Form::Probability(_) => write!(f, "probability{}", self.shape),
        }
    }
}
