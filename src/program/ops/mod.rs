//! The table of operations: signature, documentation, shape rule, parameters and cost, in one place.
//!
//! The checker, the plan, hover, completion, `explain` and the reference page read it; a test
//! compares every rule with libtorch on random arguments.

use crate::plan::Init;
use crate::shape::{Dim, Shape};

/// One operation.
pub struct Operation {
    pub name: &'static str,
    /// Markdown. The first line stands alone.
    pub doc: &'static str,
    /// Tensor inputs, in order.
    pub inputs: &'static [Input],
    /// Compile-time arguments, in order.
    pub arguments: &'static [Argument],
    /// Whether it owns parameters, so that applications of it have names.
    pub owns: bool,
    /// The rule: what it gives for these inputs and arguments.
    pub rule: fn(&Site) -> Result<Inferred, Refusal>,
}

pub struct Input {
    pub name: &'static str,
    pub takes: Takes,
}

/// Which tensors an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Real,
    Bool,
    /// `id(V)` or `class(C)`.
    Integer,
    Any,
}

pub struct Argument {
    pub name: &'static str,
    pub kind: Kind,
    pub default: Default,
    /// Whether it may stand without its name.
    pub positional: bool,
    pub doc: &'static str,
}

/// What values an argument takes. A bound is inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Int {
        min: i64,
        max: i64,
    },
    Float {
        min: f64,
        max: f64,
    },
    Bool,
    /// One whole number for both axes, or a tuple `(height, width)`.
    Pair {
        min: i64,
        max: i64,
    },
    /// A list or tuple of whole numbers.
    Ints,
    /// A shape `[N, 3, H]`: dimensions, numbers or `N`.
    Dims,
    /// A number that may also depend on `N` or be computed in the run.
    Scalar,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    Required,
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Absent; the rule sees that it was not given.
    None,
    /// The same as another argument (a pool's stride).
    Same(&'static str),
}

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
    Dims(Vec<Dim>),
    /// Not given, or depends on symbols: nothing to reckon with.
    Absent,
}

/// One call, as a rule sees it. Inputs are of the element types asked for and arguments lie within their bounds.
pub struct Site<'a> {
    pub inputs: &'a [Tensor],
    pub arguments: &'a [(&'static str, Value)],
}

/// What a rule concludes.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    pub output: Tensor,
    /// In the order in which PyTorch draws them.
    pub weights: Vec<Weight>,
    /// For one sample, forward.
    pub multiply_adds: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// `weight`, `bias`, `running_mean`
    pub role: &'static str,
    pub shape: Shape,
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
    Input(usize),
    Argument(&'static str),
    Call,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// A step to put before this one: `flatten`.
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

/// All operations.
pub static OPERATIONS: &[&Operation] = &[];

/// The operation of that name.
pub fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|op| op.name == name).copied()
}
