//! What an operation is: its inputs, its arguments and its rule.

use super::check;
use super::{Inferred, Refusal, Site, Tensor, Value};
use crate::shape::Dim;

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
    /// Whether it behaves differently in training and in evaluation.
    pub modal: bool,
    /// Whether it draws random numbers, so that two equal calls differ.
    pub random: bool,
    /// Of an operation that gives several tensors of the inferred type: the operations on its input that
    /// give them.
    pub parts: Option<Parts>,
    /// The rule: what it gives for these inputs and arguments. Callers want [`Operation::infer`], which
    /// checks what all rules rely on.
    pub(super) rule: Rule,
}

impl Operation {
    /// One without arguments, parameters or modes.
    pub(super) const fn plain(
        name: &'static str,
        doc: &'static str,
        inputs: &'static [Input],
        rule: Rule,
    ) -> Operation {
        Operation {
            name,
            doc,
            inputs,
            arguments: &[],
            owns: false,
            modal: false,
            random: false,
            parts: None,
            rule,
        }
    }
}

pub(super) type Rule = fn(&Site) -> Result<Inferred, Refusal>;

/// None where the number of parts is not known.
pub(super) type Parts = fn(&Site) -> Option<Vec<Part>>;

/// One of the tensors that an operation with several gives.
pub struct Part {
    pub operation: &'static str,
    pub arguments: Vec<(&'static str, Value)>,
}

pub struct Input {
    pub name: &'static str,
    pub takes: Takes,
    /// The shapes it takes, for people and for random tests: `[N, C, H, W]`, `[N, L] or [N, C, L]`;
    /// `..` stands for any number of dimensions.
    pub shape: &'static str,
    /// Whether a number may stand there: the rule then sees a real tensor of shape `[]`.
    pub number: bool,
    /// Whether a tuple of one or more tensors stands there. Only ever the only input.
    pub many: bool,
    /// Whether it may be left out; only ever the last.
    pub optional: bool,
}

/// Which tensors an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Real numbers, probabilities among them.
    Real,
    /// Real numbers that are no probabilities yet.
    Logits,
    Bool,
    /// `id(V)` or `class(C)`.
    Integer,
    /// The same, or a distribution over classes.
    Label,
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
    /// [`Value::Int`]
    Int { min: i64, max: i64 },
    /// [`Value::Float`]
    Float { min: f64, max: f64 },
    /// [`Value::Bool`]
    Bool,
    /// One whole number for both axes, or a tuple `(height, width)`: [`Value::Pair`].
    Pair { min: i64, max: i64 },
    /// A dimension of the first input by its number, from the end if negative: [`Value::Int`].
    Axis,
    /// The same where the dimension is yet to be made: the end is one further.
    NewAxis,
    /// One or more dimensions of the first input, an int or a list: [`Value::Ints`].
    Axes,
    /// All the dimensions of the first input in a new order: [`Value::Ints`].
    Order,
    /// The size of a dimension, 1 to `max`; a symbol where it is not known: [`Value::Dims`] of one, or
    /// [`Value::Int`] for what is no size and refused.
    Size { max: u64 },
    /// Height and width, or one size for both: [`Value::Dims`] of two.
    Sizes,
    /// A shape `[N, 3, H]`: [`Value::Dims`].
    Dims,
    /// A list of numbers: [`Value::Floats`].
    Numbers,
    /// A number that may also depend on `N` or be computed in the run: [`Value::Float`] if known.
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

impl Input {
    pub(super) const fn new(name: &'static str, takes: Takes, shape: &'static str) -> Input {
        Input {
            name,
            takes,
            shape,
            number: false,
            many: false,
            optional: false,
        }
    }

    pub(super) const fn real(name: &'static str, shape: &'static str) -> Input {
        Input::new(name, Takes::Real, shape)
    }

    pub(super) const fn any(name: &'static str, shape: &'static str) -> Input {
        Input::new(name, Takes::Any, shape)
    }

    pub(super) const fn or_number(mut self) -> Input {
        self.number = true;
        self
    }

    pub(super) const fn many(mut self) -> Input {
        self.many = true;
        self
    }

    pub(super) const fn optional(mut self) -> Input {
        self.optional = true;
        self
    }
}

impl Argument {
    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        default: Default,
        doc: &'static str,
    ) -> Argument {
        Argument {
            name,
            kind,
            default,
            positional: false,
            doc,
        }
    }

    pub(super) const fn positional(mut self) -> Argument {
        self.positional = true;
        self
    }
}

/// There is one entry a name.
impl PartialEq for Operation {
    fn eq(&self, other: &Operation) -> bool {
        self.name == other.name
    }
}

impl Eq for Operation {}

impl std::hash::Hash for Operation {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Operation {
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|a| a.name == name)
    }

    /// The arguments in the operation's order, what was not given by its default. None if one that has
    /// no default is missing.
    pub fn complete(&self, given: &[(&'static str, Value)]) -> Option<Vec<(&'static str, Value)>> {
        let value = |name: &str| given.iter().find(|(n, _)| *n == name).map(|(_, v)| v);
        self.arguments
            .iter()
            .map(|argument| {
                let value = match (value(argument.name), argument.default) {
                    (Some(value), _) => value.clone(),
                    (None, Default::Same(other)) => value(other)?.clone(),
                    (None, default) => default.value(argument.kind)?,
                };
                Some((argument.name, value))
            })
            .collect()
    }

    /// The parts of a call that has been inferred; none if it gives one tensor.
    pub fn parts(
        &self,
        inputs: &[Tensor],
        arguments: &[(&'static str, Value)],
    ) -> Option<Option<Vec<Part>>> {
        let site = Site {
            op: self,
            inputs,
            arguments,
        };
        self.parts.map(|parts| parts(&site))
    }

    /// What it gives for these inputs (as many as it takes) and arguments (from
    /// [`Operation::complete`]), or why it cannot. Total: whatever the numbers are, nothing overflows.
    pub fn infer(
        &self,
        inputs: &[Tensor],
        arguments: &[(&'static str, Value)],
    ) -> Result<Inferred, Refusal> {
        let site = Site {
            op: self,
            inputs,
            arguments,
        };
        check::inputs(&site)?;
        check::arguments(&site)?;
        let inferred = (self.rule)(&site)?;
        check::limits(&site, &inferred)?;
        Ok(inferred)
    }
}

impl Default {
    /// As a value of an argument of that kind; none for one that is required or the same as another.
    fn value(self, kind: Kind) -> Option<Value> {
        Some(match (self, kind) {
            (Default::Required | Default::Same(_), _) => return None,
            (Default::None, _) => Value::Absent,
            (Default::Int(n), Kind::Pair { .. }) => Value::Pair(n, n),
            (Default::Int(n), Kind::Size { .. }) => {
                Value::Dims(vec![Dim::Known(u64::try_from(n).ok()?)])
            }
            (Default::Int(n), _) => Value::Int(n),
            (Default::Float(x), _) => Value::Float(x),
            (Default::Bool(b), _) => Value::Bool(b),
        })
    }
}
