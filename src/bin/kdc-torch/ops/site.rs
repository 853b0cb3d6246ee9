//! What an operation reads of its node while it is prepared.

use crate::amount::Amount;
use crate::failure::{Failure, Result};
use crate::interpreter::Frame;
use crate::parameters::Parameters;
use kdc::plan::{Arg, Node};
use kdc::shape::Dim;
use tch::{Device, Kind, TchError, Tensor};

/// One node of the plan.
pub struct Site<'a> {
    pub node: &'a Node,
    pub parameters: &'a Parameters,
}

/// A tensor operand, or the number that stands in its place.
pub enum Operand {
    /// By its place among the node's inputs.
    Tensor(usize),
    Fixed(Tensor),
    PerStep(Amount),
}

impl Operand {
    /// A fixed number on the device.
    pub fn placed(self, device: Device) -> Result<Operand> {
        Ok(match self {
            Operand::Fixed(number) => Operand::Fixed(number.f_to_device(device)?),
            other => other,
        })
    }

    /// A number becomes a 0-dimensional tensor, which libtorch treats as it treats a Python number.
    pub fn value(&self, frame: &Frame) -> std::result::Result<Tensor, TchError> {
        match self {
            Operand::Tensor(position) => Ok(frame.tensor(*position).shallow_clone()),
            Operand::Fixed(number) => Ok(number.shallow_clone()),
            Operand::PerStep(amount) => {
                Tensor::f_from_slice(&[amount.of(frame.batch, frame.time) as f32])?.f_squeeze()
            }
        }
    }
}

impl Site<'_> {
    /// The operand of that name: a number if one stands in the arguments under its name, else the next
    /// of the node's tensors. `names` are all of the operation's inputs, in order.
    pub fn operands<const COUNT: usize>(&self, names: [&str; COUNT]) -> Result<[Operand; COUNT]> {
        let mut tensors = 0..self.node.inputs.len();
        let mut operands = Vec::with_capacity(COUNT);
        for name in names {
            operands.push(match self.node.args.get(name) {
                Some(_) => {
                    let amount = self.amount(name)?;
                    match amount.fixed() {
                        Some(number) => Operand::Fixed(Tensor::from(number as f32)),
                        None => Operand::PerStep(amount),
                    }
                }
                None => Operand::Tensor(
                    tensors
                        .next()
                        .ok_or_else(|| self.wrong(&format!("lacks its input `{name}`")))?,
                ),
            });
        }
        if tensors.next().is_some() {
            return Err(self.wrong("has more inputs than the operation takes"));
        }
        operands
            .try_into()
            .map_err(|_| self.wrong("has the wrong number of inputs"))
    }

    pub fn amount(&self, name: &str) -> Result<Amount> {
        self.read(name, Amount::read)
    }

    pub fn float(&self, name: &str) -> Result<f64> {
        self.read(name, |arg| Amount::read(arg)?.fixed())
    }

    pub fn int(&self, name: &str) -> Result<i64> {
        self.read(name, as_int)
    }

    pub fn flag(&self, name: &str) -> Result<bool> {
        self.read(name, |arg| match arg {
            Arg::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    pub fn text(&self, name: &str) -> Result<String> {
        self.read(name, |arg| match arg {
            Arg::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// Height and width; one number stands for both.
    pub fn pair(&self, name: &str) -> Result<[i64; 2]> {
        self.read(name, |arg| match arg {
            Arg::List(both) => match both.as_slice() {
                [height, width] => Some([as_int(height)?, as_int(width)?]),
                _ => None,
            },
            one => as_int(one).map(|n| [n, n]),
        })
    }

    /// Whole numbers; one stands for a list of one.
    pub fn ints(&self, name: &str) -> Result<Vec<i64>> {
        self.read(name, |arg| match arg {
            Arg::List(list) => list.iter().map(as_int).collect(),
            one => as_int(one).map(|n| vec![n]),
        })
    }

    /// Numbers as a 1-dimensional tensor, on the device.
    pub fn floats(&self, name: &str) -> Result<Tensor> {
        let numbers = self.read(name, |arg| match arg {
            Arg::List(list) => (list.iter())
                .map(|arg| Some(Amount::read(arg)?.fixed()? as f32))
                .collect::<Option<Vec<f32>>>(),
            _ => None,
        })?;
        Ok(Tensor::f_from_slice(&numbers)?.f_to_device(self.parameters.device())?)
    }

    /// Sizes that may depend on the batch.
    pub fn sizes(&self, name: &str) -> Result<Vec<Amount>> {
        self.read(name, |arg| match arg {
            Arg::List(list) => list.iter().map(Amount::read).collect(),
            one => Amount::read(one).map(|amount| vec![amount]),
        })
    }

    /// One size, which may depend on the batch.
    pub fn size(&self, name: &str) -> Result<Amount> {
        match self.sizes(name)?.as_slice() {
            [size] => Ok(size.clone()),
            _ => Err(self.wrong(&format!("has an argument `{name}` that is no single size"))),
        }
    }

    /// The last dimension of the stated shape.
    pub fn last_dimension(&self) -> Result<i64> {
        let last = self.node.shape.0.last().and_then(Dim::known);
        last.map(|n| n as i64)
            .ok_or_else(|| self.wrong("has a last dimension that is not fixed"))
    }

    /// A 1-dimensional tensor of one number, on the device.
    pub fn scalar(&self, value: f64) -> Result<Tensor> {
        let options = (Kind::Float, self.parameters.device());
        Ok(Tensor::f_full([1], value, options)?)
    }

    pub fn has(&self, name: &str) -> bool {
        self.node.args.contains_key(name)
    }

    /// The parameter with that role, shared with the table.
    pub fn parameter(&self, role: &str) -> Result<Tensor> {
        self.optional_parameter(role)?
            .ok_or_else(|| self.wrong(&format!("lacks its parameter `{role}`")))
    }

    pub fn optional_parameter(&self, role: &str) -> Result<Option<Tensor>> {
        let Some(name) = self.node.parameters.get(role) else {
            return Ok(None);
        };
        match self.parameters.get(name) {
            Some(tensor) => Ok(Some(tensor.shallow_clone())),
            None => Err(self.wrong(&format!(
                "reads the parameter `{name}`, which is not declared"
            ))),
        }
    }

    fn read<T>(&self, name: &str, read: impl Fn(&Arg) -> Option<T>) -> Result<T> {
        let Some(arg) = self.node.args.get(name) else {
            return Err(self.wrong(&format!("lacks its argument `{name}`")));
        };
        read(arg).ok_or_else(|| {
            self.wrong(&format!(
                "has an argument `{name}` of the wrong kind: {arg:?}"
            ))
        })
    }

    pub fn wrong(&self, what: &str) -> Failure {
        Failure::Bug(format!(
            "in the plan, `{}` (operation `{}`) {what}",
            self.node.value, self.node.op
        ))
    }
}

fn as_int(arg: &Arg) -> Option<i64> {
    match arg {
        Arg::Int(n) => Some(*n),
        _ => None,
    }
}
