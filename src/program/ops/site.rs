//! What rules ask of a call, and how they refuse one.

use super::{Blame, Element, Inferred, Refusal, Repair, Site, Tensor, Value, Weight};
use crate::diag::Code;
use crate::plan::Init;
use crate::shape::{Dim, Shape};

impl<'a> Site<'a> {
    fn value(&self, name: &str) -> &Value {
        self.arguments
            .iter()
            .find(|(n, _)| *n == name)
            .map_or(&Value::Absent, |(_, value)| value)
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        *self.value(name) == Value::Bool(true)
    }

    /// Height and width; none if not known.
    pub fn pair(&self, name: &str) -> Option<[i64; 2]> {
        match self.value(name) {
            Value::Pair(h, w) => Some([*h, *w]),
            _ => None,
        }
    }

    pub fn float(&self, name: &str) -> Option<f64> {
        match self.value(name) {
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// None if the argument was not given.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.value(name) {
            Value::Ints(list) => Some(list),
            _ => None,
        }
    }

    /// None if they are not known.
    pub fn floats(&self, name: &str) -> Option<&[f64]> {
        match self.value(name) {
            Value::Floats(list) => Some(list),
            _ => None,
        }
    }

    /// None if the argument was not given.
    pub fn dims(&self, name: &str) -> Option<&[Dim]> {
        match self.value(name) {
            Value::Dims(dims) => Some(dims),
            _ => None,
        }
    }

    /// The size of one dimension.
    pub fn size(&self, name: &str) -> Dim {
        match self.dims(name) {
            Some([one]) => one.clone(),
            _ => Dim::Unknown,
        }
    }

    pub fn shape(&self, input: usize) -> &'a Shape {
        &self.inputs[input].shape
    }

    /// The dimension that an [`Axis`](super::Kind::Axis) argument means, in a tensor of that shape.
    pub fn axis(&self, name: &'static str, shape: &Shape) -> Result<usize, Refusal> {
        self.axis_within(
            name,
            self.int(name).unwrap_or_default(),
            shape,
            shape.rank(),
        )
    }

    /// The place that a [`NewAxis`](super::Kind::NewAxis) argument means.
    pub fn new_axis(&self, name: &'static str, shape: &Shape) -> Result<usize, Refusal> {
        let given = self.int(name).unwrap_or_default();
        self.axis_within(name, given, shape, shape.rank() + 1)
    }

    /// The dimensions that a list means: each within the shape, none twice.
    pub fn axes(
        &self,
        name: &'static str,
        given: &[i64],
        shape: &Shape,
    ) -> Result<Vec<usize>, Refusal> {
        let mut axes = Vec::new();
        for &axis in given {
            let axis = self.axis_within(name, axis, shape, shape.rank())?;
            if axes.contains(&axis) {
                return Err(Refusal::new(
                    Code::E0223,
                    format!(
                        "`{name}` of `{}` names dimension {axis} twice",
                        self.op.name
                    ),
                )
                .at_argument(name, format!("dimension {axis} of {shape} stands twice")));
            }
            axes.push(axis);
        }
        Ok(axes)
    }

    /// One number of a dimension, counted from the end if negative.
    fn axis_within(
        &self,
        name: &'static str,
        given: i64,
        shape: &Shape,
        rank: usize,
    ) -> Result<usize, Refusal> {
        let count = rank as i64;
        if (-count..count).contains(&given) {
            return Ok(given.rem_euclid(count) as usize);
        }
        let label = match count {
            0 => "a single number has no dimensions".into(),
            _ => format!("must be {} to {}", -count, count - 1),
        };
        Err(Refusal::new(
            Code::E0223,
            format!("`{}` finds no dimension {given} in `{shape}`", self.op.name),
        )
        .at_argument(name, label))
    }

    /// The input's dimensions, if there are exactly so many.
    pub fn of_rank<const R: usize>(&self, input: usize) -> Result<&'a [Dim; R], Refusal> {
        <&[Dim; R]>::try_from(self.shape(input).0.as_slice()).map_err(|_| self.wrong_rank(input))
    }

    /// "`conv2d` takes `[N, C, H, W]`, but gets `[N, 2048]`"
    pub fn wrong_rank(&self, input: usize) -> Refusal {
        let wanted = self.op.inputs[input].shape;
        let shape = self.shape(input);
        let refusal = Refusal::new(
            Code::E0302,
            format!("`{}` takes `{wanted}`, but gets `{shape}`", self.op.name),
        )
        .at_input(input, format!("this is {shape}"));
        match (wanted, shape.rank()) {
            ("[N, C, H, W]", 2) => refusal.say(
                "a flattened tensor has no height and width any more: \
                 take the feature map from before `flatten`",
            ),
            ("[N, C, H, W]", 3) => refusal.say("the batch dimension `N` comes first"),
            _ => refusal,
        }
    }

    /// Refuses unless the groups divide that many channels; proposes what divides all of `also`.
    pub fn divides(&self, groups: i64, channels: &Dim, also: &[&Dim]) -> Result<(), Refusal> {
        let groups = groups.unsigned_abs();
        let Some(n) = channels.known().filter(|n| n % groups != 0) else {
            return Ok(());
        };
        let common = also.iter().filter_map(|dim| dim.known()).fold(n, gcd);
        let divisor = largest_divisor(common, groups);
        Err(Refusal::new(
            Code::E0223,
            format!(
                "`{}` cannot split {n} channels into {groups} equal groups",
                self.op.name
            ),
        )
        .at_argument("groups", format!("does not divide {n}"))
        .note(format!(
            "{n} / {groups} = {}, remainder {}",
            n / groups,
            n % groups
        ))
        .set("groups", divisor.to_string()))
    }

    /// What cannot be multiplied out.
    pub fn overflow(&self) -> Refusal {
        Refusal::new(
            Code::E0223,
            format!("the output of `{}` is too large to count", self.op.name),
        )
        .at_call("too large to compute")
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The largest divisor of `n` up to a limit, which is a number of groups and so within a million.
fn largest_divisor(n: u64, limit: u64) -> u64 {
    (1..=limit.min(n))
        .rev()
        .find(|d| n.is_multiple_of(*d))
        .unwrap_or(1)
}

impl Tensor {
    pub fn real(dims: Vec<Dim>) -> Tensor {
        Tensor {
            element: Element::Real,
            shape: Shape(dims),
        }
    }
}

impl Inferred {
    /// An output that costs next to nothing and owns nothing.
    pub fn of(element: Element, dims: Vec<Dim>) -> Inferred {
        Inferred {
            output: Tensor {
                element,
                shape: Shape(dims),
            },
            weights: Vec::new(),
            multiply_adds: 0,
        }
    }

    pub fn real(dims: Vec<Dim>) -> Inferred {
        Inferred::of(Element::Real, dims)
    }

    /// The product of all these sizes as its cost; a symbol counts as one sample.
    pub fn costing(mut self, sizes: &[&[Dim]]) -> Inferred {
        let product = sizes.iter().copied().flatten().try_fold(1u64, |n, dim| {
            Some(n.saturating_mul(match dim {
                Dim::Known(n) => *n,
                Dim::Symbol { times, .. } => *times,
                Dim::Unknown => return None,
            }))
        });
        self.multiply_adds = product.unwrap_or(0);
        self
    }
}

impl Weight {
    pub fn new(role: &'static str, dims: Vec<Dim>, init: Init) -> Weight {
        Weight {
            role,
            shape: Shape(dims),
            init,
            buffer: false,
        }
    }

    pub fn buffer(role: &'static str, dims: Vec<Dim>, value: f64) -> Weight {
        Weight {
            buffer: true,
            ..Weight::new(role, dims, Init::Constant(value))
        }
    }

    /// The weight and bias of PyTorch's convolutions and linear layers: `kaiming_uniform_(a=sqrt(5))`
    /// and `uniform_(-1/sqrt(fan_in), 1/sqrt(fan_in))`. The order of the arithmetic is PyTorch's, so
    /// that the bounds are the same to the last bit.
    pub fn kaiming(weight: Vec<Dim>, bias: Option<Dim>) -> Vec<Weight> {
        let fan_in = Shape(weight[1..].to_vec())
            .elements_per_sample()
            .unwrap_or(0);
        let root = (fan_in as f64).sqrt();
        let a = 5.0f64.sqrt();
        let gain = (2.0 / (1.0 + a * a)).sqrt();
        let uniform = |bound: f64| Init::Uniform { bound };
        let mut weights = vec![Weight::new(
            "weight",
            weight,
            uniform(3.0f64.sqrt() * (gain / root)),
        )];
        if let Some(channels) = bias {
            weights.push(Weight::new("bias", vec![channels], uniform(1.0 / root)));
        }
        weights
    }
}

impl Refusal {
    pub fn new(code: Code, message: impl Into<String>) -> Refusal {
        Refusal {
            code,
            message: message.into(),
            blame: Blame::Call,
            label: String::new(),
            notes: Vec::new(),
            repair: None,
        }
    }

    pub fn at_input(mut self, input: usize, label: impl Into<String>) -> Refusal {
        self.blame = Blame::Input(input);
        self.label = label.into();
        self
    }

    pub fn at_argument(mut self, name: &'static str, label: impl Into<String>) -> Refusal {
        self.blame = Blame::Argument(name);
        self.label = label.into();
        self
    }

    pub fn at_call(mut self, label: impl Into<String>) -> Refusal {
        self.blame = Blame::Call;
        self.label = label.into();
        self
    }

    pub fn note(mut self, text: impl Into<String>) -> Refusal {
        self.notes.push(text.into());
        self
    }

    /// A repair in words only.
    pub fn say(mut self, text: impl Into<String>) -> Refusal {
        self.repair = Some(Repair::Say(text.into()));
        self
    }

    /// The repair that sets an argument: "use `groups: 2`".
    pub fn set(self, argument: &'static str, value: impl Into<String>) -> Refusal {
        let value = value.into();
        let text = format!("use `{argument}: {value}`");
        self.set_saying(text, argument, value)
    }

    pub fn set_saying(
        mut self,
        text: impl Into<String>,
        argument: &'static str,
        value: impl Into<String>,
    ) -> Refusal {
        self.repair = Some(Repair::Set {
            text: text.into(),
            argument,
            value: value.into(),
        });
        self
    }

    pub fn step_before(mut self, text: impl Into<String>, step: impl Into<String>) -> Refusal {
        self.repair = Some(Repair::StepBefore {
            text: text.into(),
            step: step.into(),
        });
        self
    }
}
