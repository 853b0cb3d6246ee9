//! What all rules rely on: the types of inputs, the bounds of arguments, the size of what comes out.

use super::{
    Argument, Element, Inferred, Kind, MOST_PARAMETERS, MOST_VALUES, Operation, Refusal, Site,
    Takes, Tensor, Value, Weight,
};
use crate::diag::Code;
use crate::shape::{Dim, Shape};

/// Refuses tensors of a type that the operation does not take.
pub fn inputs(site: &Site) -> Result<(), Refusal> {
    let op = site.op;
    for (i, tensor) in site.inputs.iter().enumerate() {
        let many = op.inputs.last().filter(|input| input.many);
        if let Some(input) = op.inputs.get(i).or(many)
            && !takes(input.takes, &tensor.element)
        {
            return Err(wrong_element(op, input.takes, i, tensor));
        }
    }
    Ok(())
}

fn takes(takes: Takes, element: &Element) -> bool {
    match takes {
        Takes::Any => true,
        Takes::Real => matches!(element, Element::Real | Element::Probability),
        Takes::Logits => *element == Element::Real,
        Takes::Bool => *element == Element::Bool,
        Takes::Integer => matches!(element, Element::Id(_) | Element::Class(_)),
        Takes::Label => matches!(
            element,
            Element::Id(_) | Element::Class(_) | Element::Label(_) | Element::Probability
        ),
    }
}

fn wrong_element(op: &Operation, takes: Takes, at: usize, tensor: &Tensor) -> Refusal {
    let logits = takes == Takes::Logits && tensor.element == Element::Probability;
    let wanted = match takes {
        Takes::Logits if logits => "logits",
        Takes::Real | Takes::Logits | Takes::Any => "real numbers",
        Takes::Bool => "truth values",
        Takes::Integer | Takes::Label => "labels or ids",
    };
    let code = if logits { Code::E0402 } else { Code::E0307 };
    let found = tensor.element.describe();
    let refusal = Refusal::new(
        code,
        format!("`{}` takes {wanted}, but gets {found}", op.name),
    )
    .at_input(at, format!("this is {tensor}"));
    match (takes, &tensor.element) {
        (Takes::Real | Takes::Logits, Element::Bool) => {
            refusal.step_before("make them 0 and 1 with `float`", "float")
        }
        (Takes::Bool, Element::Real | Element::Probability) => {
            refusal.say("compare them first, as in `x > 0`")
        }
        _ if logits => refusal.say("leave out the `softmax` before it"),
        _ => refusal,
    }
}

impl Element {
    /// In words: "labels of 10 classes".
    pub fn describe(&self) -> String {
        match self {
            Element::Real => "real numbers".into(),
            Element::Bool => "truth values".into(),
            Element::Id(Dim::Unknown) => "ids".into(),
            Element::Id(bound) => format!("ids below {bound}"),
            Element::Class(Dim::Unknown) => "labels".into(),
            Element::Class(count) => format!("labels of {count} classes"),
            Element::Label(count) => {
                format!("labels of {count} classes, of which some do not count")
            }
            Element::Probability => "probabilities".into(),
        }
    }
}

/// Refuses values outside their bounds.
pub fn arguments(site: &Site) -> Result<(), Refusal> {
    let op = site.op;
    for argument in op.arguments {
        if let Some((_, value)) = site.arguments.iter().find(|(n, _)| *n == argument.name)
            && let Some(refusal) = out_of_bounds(op, argument, value)
        {
            return Err(refusal);
        }
    }
    Ok(())
}

fn out_of_bounds(op: &Operation, argument: &Argument, value: &Value) -> Option<Refusal> {
    let (shown, lowest, highest, low) = match (argument.kind, value) {
        (Kind::Int { min, max }, Value::Int(n)) => {
            if (min..=max).contains(n) {
                return None;
            }
            (n.to_string(), min.to_string(), max.to_string(), *n < min)
        }
        // Below what a size can say.
        (Kind::Size { max }, Value::Int(n)) => (n.to_string(), "1".into(), max.to_string(), *n < 1),
        (Kind::Pair { min, max }, Value::Pair(h, w)) => {
            let n = [h, w].into_iter().find(|n| !(min..=max).contains(n))?;
            (n.to_string(), min.to_string(), max.to_string(), *n < min)
        }
        (Kind::Float { min, max }, Value::Float(x)) => {
            if (min..=max).contains(x) {
                return None;
            }
            (x.to_string(), min.to_string(), max.to_string(), *x < min)
        }
        (kind @ (Kind::Size { .. } | Kind::Sizes | Kind::Dims), Value::Dims(dims)) => {
            let max = match kind {
                Kind::Size { max } => max,
                _ => MOST_VALUES,
            };
            let wrong = |n: &u64| !(1..=max).contains(n);
            let n = dims.iter().filter_map(Dim::known).find(wrong)?;
            (n.to_string(), "1".into(), max.to_string(), n < 1)
        }
        _ => return None,
    };
    let limit = if low {
        format!("at least {lowest}")
    } else {
        format!("at most {highest}")
    };
    let name = argument.name;
    Some(
        Refusal::new(
            Code::E0223,
            format!("`{name}` of `{}` must be {limit}, not {shown}", op.name),
        )
        .at_argument(name, format!("must be {limit}")),
    )
}

/// Refuses what no machine holds, before anything multiplies it further.
pub fn limits(site: &Site, inferred: &Inferred) -> Result<(), Refusal> {
    let name = site.op.name;
    let too_large = |what: String| {
        Err(Refusal::new(Code::E0223, format!("`{name}` would {what}"))
            .at_call("too large to compute"))
    };
    for Weight { role, shape, .. } in &inferred.weights {
        if exceeds(shape, MOST_PARAMETERS) {
            return too_large(format!(
                "own a `{role}` of {shape}, more than {MOST_PARAMETERS} parameters"
            ));
        }
    }
    let shape = &inferred.output.shape;
    if exceeds(shape, MOST_VALUES) {
        return too_large(format!(
            "give {shape}, more than {MOST_VALUES} values for each sample"
        ));
    }
    Ok(())
}

/// Whether the product of what is known exceeds the limit.
fn exceeds(shape: &Shape, limit: u64) -> bool {
    shape
        .0
        .iter()
        .map(|dim| match dim {
            Dim::Known(n) => *n,
            Dim::Symbol { times, .. } => *times,
            Dim::Unknown => 1,
        })
        .try_fold(1u64, u64::checked_mul)
        .is_none_or(|product| product > limit)
}
