//! What is computed: operations in order, each with the shape of what it gives.

use super::Schedule;
use crate::shape::Shape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a part of the computation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Constant for the whole run.
    Teacher,
    Student,
    /// Taps' layers: trained beside the student, dropped on export.
    Auxiliary,
    Loss,
}

/// Operations in the order in which they run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Fields of the batch that it reads: `images.image`. They are values of that name.
    pub fields: Vec<String>,
    /// Values that it reads from the stage's `constant` program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constants: Vec<String>,
    pub nodes: Vec<Node>,
    /// The values that are wanted from it.
    pub outputs: Vec<String>,
}

/// One primitive operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The name of the value that it gives, unique in its program.
    pub value: String,
    pub op: String,
    pub part: Part,
    /// Values of earlier nodes, or of the program's fields and constants.
    pub inputs: Vec<String>,
    /// The operation's own parameters by role: `weight: light.features.0.weight`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// All of the operation's arguments, defaults included. `training` says how dropout and batch norm
    /// behave; `moves: false` that a batch norm in training leaves its running statistics alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
    pub shape: Shape,
}

impl Node {
    /// Whether an argument is this number.
    pub(super) fn has(&self, name: &str, value: i64) -> bool {
        self.args.get(name) == Some(&Arg::Int(value))
    }

    /// Whether an argument is this number both in height and in width.
    pub(super) fn has_pair(&self, name: &str, value: i64) -> bool {
        match self.args.get(name) {
            Some(Arg::List(pair)) => pair[..] == [Arg::Int(value), Arg::Int(value)],
            one => one == Some(&Arg::Int(value)),
        }
    }
}

/// A compile-time argument, or a number that is known at each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    Bool(bool),
    Int(i64),
    Number(f64),
    /// A word, or the symbol `N`: the number of samples in the batch.
    Text(String),
    List(Vec<Arg>),
    /// Arithmetic with symbols: `{calculate: mul, of: [2, N]}`. `calculate` is one of add, sub, mul, div, pow, neg.
    Formula {
        calculate: String,
        of: Vec<Arg>,
    },
    /// A number that changes while a stage trains.
    Schedule(Schedule),
}
