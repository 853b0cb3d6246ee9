//! What an expression gives when it is compiled.

use super::graph::{NodeIndex, Owner, ParameterId};
use super::load::DefId;
use super::number::Number;
use super::ops::Operation;
use crate::plan;
use crate::source::Span;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub enum Value {
    Number(Number),
    /// None where whoever uses the model decides.
    Bool(Option<bool>),
    Str(Rc<str>),
    None,
    List(Rc<Vec<Value>>),
    Tuple(Rc<Vec<Value>>),
    Tensor(NodeIndex),
    /// What a model with several outputs gives, or a network of the file.
    Record(Rc<Instance>),
    Layer(Rc<Layer>),
    Data(Rc<plan::DataSet>),
    /// `statistics(…)`
    Statistics(Rc<Statistics>),
    Optimizer(plan::Optimizer),
    /// A word that only a setting takes: `each_epoch`.
    Word(Rc<str>),
    /// Follows from something that was reported already.
    Poison,
}

impl Value {
    pub fn int(n: i64) -> Value {
        Value::Number(Number::Int(n))
    }

    /// With its article: "a number", "a layer".
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Number(_) => "a number",
            Value::Bool(_) => "a truth value",
            Value::Str(_) => "a string",
            Value::None => "`none`",
            Value::List(_) => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Tensor(_) => "a tensor",
            Value::Record(_) => "a network with several values",
            Value::Layer(_) => "a layer",
            Value::Data(_) => "a data set",
            Value::Statistics(_) => "statistics",
            Value::Optimizer(_) => "an optimizer",
            Value::Word(_) => "a word",
            Value::Poison => "something wrong",
        }
    }

    pub fn is_poison(&self) -> bool {
        matches!(self, Value::Poison)
    }

    /// Numbers and tensors, which arithmetic takes.
    pub fn is_operand(&self) -> bool {
        matches!(self, Value::Number(_) | Value::Tensor(_))
    }

    /// All the tensors in it.
    pub fn tensors(&self) -> Vec<NodeIndex> {
        match self {
            Value::Tensor(node) => vec![*node],
            Value::List(values) | Value::Tuple(values) => {
                values.iter().flat_map(Value::tensors).collect()
            }
            Value::Record(instance) => {
                let outputs = instance.outputs.iter().map(|(_, value)| value);
                let members = instance.members.iter().map(|(_, member)| &member.value);
                outputs.chain(members).flat_map(Value::tensors).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The elements of a list or tuple.
    pub fn elements(&self) -> Option<&[Value]> {
        match self {
            Value::List(values) | Value::Tuple(values) => Some(values),
            _ => None,
        }
    }
}

/// The mean and deviation of a picture's channels.
#[derive(Debug)]
pub struct Statistics {
    pub mean: Vec<f64>,
    pub std: Vec<f64>,
}

/// What can be called: an operation, or a model, loss or function of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Callee {
    Operation(&'static Operation),
    Definition(DefId),
}

impl std::fmt::Debug for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Callee::Operation(op) => f.write_str(op.name),
            Callee::Definition(id) => write!(f, "{id:?}"),
        }
    }
}

/// A call that still wants its first tensor, or several such in a row.
#[derive(Clone, Debug)]
pub enum Layer {
    Call {
        callee: Callee,
        given: Vec<Given>,
        /// The call, where it is written.
        span: Span,
    },
    Chain {
        steps: Vec<(Value, Option<String>, Span)>,
        /// Bracketed: one step, whose own steps have names below its name. Otherwise its steps are spliced in.
        nested: bool,
    },
    /// A layer that a binding names: one set of weights, wherever it is applied.
    Named {
        name: String,
        layer: Value,
        /// In front of its parameters' names, and to whom they belong, wherever it is applied.
        path: String,
        owner: Owner,
    },
    /// Layers of a network, with its weights.
    Again {
        layers: Rc<Vec<Applied>>,
        /// It is the whole network, whose parts can be tapped.
        network: bool,
    },
}

/// A layer that was applied and can be applied again with the same weights.
#[derive(Clone, Debug)]
pub struct Applied {
    pub callee: Callee,
    pub given: Vec<Given>,
    /// In front of its parameters' names.
    pub path: String,
    pub owner: Owner,
}

/// An evaluated argument.
#[derive(Clone, Debug)]
pub struct Given {
    pub name: Option<(String, Span)>,
    pub value: Value,
    pub span: Span,
}

/// A model in use: what can be tapped in it.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    /// The model's name.
    pub model: String,
    pub outputs: Vec<(String, Value)>,
    pub members: Vec<(String, Member)>,
    /// What it got.
    pub inputs: Vec<(String, Member)>,
}

impl Instance {
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.named().find(|(n, _)| n == name).map(|(_, m)| m)
    }

    /// Everything in it that has a name.
    pub fn named(&self) -> impl Iterator<Item = &(String, Member)> {
        self.members.iter().chain(&self.inputs)
    }

    pub fn output(&self, name: &str) -> Option<&Value> {
        self.outputs.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
}

/// A place that can be tapped: a binding, a step of it, a labelled step.
#[derive(Clone, Debug)]
pub struct Member {
    pub value: Value,
    pub span: Span,
    /// The values after each unlabelled step.
    pub steps: Vec<Member>,
    /// The model that it applies, if it applies one.
    pub inner: Option<Rc<Instance>>,
    pub parameters: Vec<(&'static str, ParameterId)>,
    /// The layers that led to it, if it is one plain chain of them.
    pub layers: Option<Rc<Vec<Applied>>>,
}

impl Member {
    pub fn of(value: Value, span: Span) -> Member {
        Member {
            value,
            span,
            steps: Vec::new(),
            inner: None,
            parameters: Vec::new(),
            layers: None,
        }
    }
}
