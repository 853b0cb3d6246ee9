//! A call of an operation as its rule sees it, and what the rule says of it.

use super::Operation;
use crate::plan::Init;
use crate::shape::{Dim, Shape};
use std::fmt;

/// The type of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub element: Element,
    pub shape: Shape,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Element {
    Real,
    Bool,
    /// Integers below the bound.
    Id(Dim),
    /// Labels of so many classes.
    Class(Dim),
    /// The same, of which some do not count.
    Label(Dim),
    /// Real, each row a distribution over classes.
    Probability,
}

/// An argument's value at a call, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Height and width.
    Pair(i64, i64),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Dims(Vec<Dim>),
    /// Not given, and the default is to do without.
    Absent,
    /// Given, but as a number that depends on symbols. Sizes say so by [`Dim`] instead; axes, orders
    /// and truth values must be known, since the rank depends on them.
    Unknown,
}

/// One call, as a rule sees it. Inputs are of the element types asked for, arguments lie within
/// their bounds and stand in the operation's order, defaults filled in.
pub struct Site<'a> {
    pub op: &'a Operation,
    pub inputs: &'a [Tensor],
    pub arguments: &'a [(&'static str, Value)],
}

/// What a rule concludes.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    pub output: Tensor,
    /// In the order in which PyTorch draws them.
    pub weights: Vec<Weight>,
    /// For one sample, forward. 0 where the shape is not known.
    pub multiply_adds: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// `weight`, `bias`, `running_mean`
    pub role: &'static str,
    pub shape: Shape,
    /// Meaningless while the shape is not wholly known.
    pub init: Init,
    /// Saved with the network but never trained.
    pub buffer: bool,
}

/// Why a call is not possible, in the user's terms. The caller, who knows where things stand,
/// adds the places.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: crate::diag::Code,
    /// The whole sentence: "`conv2d` takes `[N, C, H, W]`, but gets `[N, 2048]`".
    pub message: String,
    /// What to point at.
    pub blame: Blame,
    /// What to write at that place: "this is [N, 2048]".
    pub label: String,
    /// Arithmetic and facts, a line each.
    pub notes: Vec<String>,
    pub repair: Option<Repair>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Blame {
    /// By its place among the call's tensors.
    Input(usize),
    Argument(&'static str),
    Call,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// A step to put before this one, after the tensor that is blamed: `flatten`.
    StepBefore { text: String, step: String },
    /// Another value for an argument.
    Set {
        text: String,
        argument: &'static str,
        value: String,
    },
    /// Words only.
    Say(String),
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.element {
            Element::Real => {}
            Element::Bool => f.write_str("bool")?,
            Element::Id(bound) => write!(f, "id({bound})")?,
            Element::Class(count) | Element::Label(count) => write!(f, "class({count})")?,
            Element::Probability => f.write_str("probability")?,
        }
        self.shape.fmt(f)?;
        match self.element {
            Element::Label(_) => f.write_str(", of which some do not count"),
            _ => Ok(()),
        }
    }
}
