//! Data sets in a plan: where samples come from, what is done to them, and what a batch holds then.

use crate::shape::Shape;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    pub name: String,
    /// The first that is there is taken.
    pub sources: Vec<DataSource>,
    /// What a sample consists of after the transforms: what networks, edges and measurements read.
    pub fields: Vec<Field>,
    /// In order. The first acts on what the source gives.
    pub transforms: Vec<Transform>,
    pub batch: Batch,
    /// The part of the training samples that is kept apart to choose on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_out: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataSource {
    /// The official binary version: `data_batch_1.bin` … in a folder, relative to the working directory.
    Cifar10 { path: String },
    /// The built-in drawn pictures.
    Shapes { train: u64, test: u64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub name: String,
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub kind: FieldKind,
    /// `[N, 3, 32, 32]`
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// 32-bit floating point.
    Real,
    Bool,
    /// Integers below a bound.
    Id(u64),
    /// Integers below the number of classes.
    Class(u64),
    /// The sample's place among the training samples, from 0 on.
    Index,
}

/// One change of one field. Other fields stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// Bytes to 0…1 if they are bytes, then `(x - mean) / std` for each channel.
    Normalize {
        field: String,
        mean: Vec<f64>,
        std: Vec<f64>,
    },
    /// A field that starts as what another is at this point.
    Copy { field: String, from: String },
}

impl Transform {
    /// The field that it changes or makes.
    pub fn field(&self) -> &str {
        match self {
            Transform::Normalize { field, .. } | Transform::Copy { field, .. } => field,
        }
    }

    /// The other field that it reads, if any.
    pub fn from(&self) -> Option<&str> {
        match self {
            Transform::Copy { from, .. } => Some(from),
            Transform::Normalize { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    pub size: u64,
    /// Whether a last, smaller batch of an epoch is left out of training.
    pub drop_last: bool,
}

impl DataSet {
    /// The same with only what the wanted fields need.
    pub fn only(&self, wanted: impl Fn(&str) -> bool) -> DataSet {
        let fields: Vec<Field> = self
            .fields
            .iter()
            .filter(|field| wanted(&field.name))
            .cloned()
            .collect();
        let mut needed: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let mut transforms = Vec::new();
        // from the last to the first: what a later one reads, an earlier one must make
        for transform in self.transforms.iter().rev() {
            if !needed.contains(&transform.field()) {
                continue;
            }
            if let Some(from) = transform.from() {
                needed.retain(|name| *name != transform.field());
                needed.push(from);
            }
            transforms.push(transform.clone());
        }
        transforms.reverse();
        DataSet {
            fields,
            transforms,
            ..self.clone()
        }
    }
}
