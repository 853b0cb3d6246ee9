//! Arguments of operations: to what the rules take, and to what the plan states.

use super::{Bound, Elaborator};
use crate::diag::{Code, Diagnostic};
use crate::plan::Arg;
use crate::program::foreign;
use crate::program::number::Number;
use crate::program::ops::{self, Kind, Operation};
use crate::program::value::{Given, Value};
use crate::shape::Dim;
use std::collections::BTreeMap;

impl Elaborator<'_, '_> {
    pub(super) fn op_arguments(
        &mut self,
        op: &'static Operation,
        bound: &Bound,
    ) -> Option<Vec<(&'static str, ops::Value)>> {
        let mut given = Vec::new();
        for (argument, place) in op.arguments.iter().zip(&bound.parameters) {
            let Some(place) = place else { continue };
            let fixed = argument.kind == Kind::Scalar || !changes(&place.value);
            match op_value(argument.kind, &place.value).filter(|_| fixed) {
                Some(value) => given.push((argument.name, value)),
                None => {
                    if let Value::Str(word) = &place.value
                        && let Some(diagnostic) =
                            foreign::word(op.name, argument.name, word, place.span)
                    {
                        self.report(diagnostic);
                        return None;
                    }
                    let message = format!(
                        "`{}` of `{}` takes {}, but {} is {}",
                        argument.name,
                        op.name,
                        taken(argument.kind),
                        self.said(place),
                        described(&place.value)
                    );
                    let diagnostic = Diagnostic::new(Code::E0224, message)
                        .at(place.span, described(&place.value));
                    let whole = matches!(argument.kind, Kind::Int { .. } | Kind::Size { .. });
                    self.report(match &place.value {
                        Value::Number(n) if whole && !n.changes() => {
                            diagnostic.help("`/` is exact; `div(a, b)` divides and rounds down")
                        }
                        _ => diagnostic,
                    });
                    return None;
                }
            }
        }
        op.complete(&given)
    }

    /// An argument as messages call it: by its text, unless that is its value anyway.
    pub(super) fn said(&self, given: &Given) -> String {
        let text = self.text(given.span);
        let number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if number || text.starts_with('"') || text.contains('\n') || text.len() > 40 {
            "this".to_string()
        } else {
            format!("`{text}`")
        }
    }
}

/// Whether a number changes while a stage trains, or one of a list does.
fn changes(value: &Value) -> bool {
    match value {
        Value::Number(n) => n.changes(),
        Value::Tuple(values) | Value::List(values) => values.iter().any(changes),
        _ => false,
    }
}

/// An argument as the rule takes it; none if it is of another kind.
fn op_value(kind: Kind, value: &Value) -> Option<ops::Value> {
    use ops::Value as V;
    let whole = |value: &Value| match value {
        Value::Number(number) => number.as_int(),
        _ => None,
    };
    let dim = |value: &Value| match value {
        Value::Number(number) => number.dim().or_else(|| {
            whole(value)
                .and_then(|n| u64::try_from(n).ok())
                .map(Dim::Known)
        }),
        _ => None,
    };
    // decided by whoever uses the model, or by the run
    if let Value::Number(Number::Unknown | Number::Symbolic { .. }) | Value::Bool(None) = value
        && !matches!(kind, Kind::Dims | Kind::Size { .. } | Kind::Sizes)
    {
        return Some(V::Unknown);
    }
    Some(match (kind, value) {
        (Kind::Int { .. } | Kind::Axis | Kind::NewAxis, value) => V::Int(whole(value)?),
        (Kind::Float { .. } | Kind::Scalar, Value::Number(n)) => V::Float(n.as_f64()?),
        (Kind::Bool, Value::Bool(Some(b))) => V::Bool(*b),
        (Kind::Pair { .. }, Value::Tuple(values) | Value::List(values)) => {
            match values.as_slice() {
                [a, b] => V::Pair(whole(a)?, whole(b)?),
                _ => return None,
            }
        }
        (Kind::Pair { .. }, value) => V::Pair(whole(value)?, whole(value)?),
        (Kind::Axes, Value::Number(_)) => V::Ints(vec![whole(value)?]),
        (Kind::Axes | Kind::Order, Value::Tuple(values) | Value::List(values)) => {
            V::Ints(values.iter().map(whole).collect::<Option<_>>()?)
        }
        (Kind::Numbers, Value::Tuple(values) | Value::List(values)) => {
            let number = |value: &Value| match value {
                Value::Number(number) => number.as_f64(),
                _ => None,
            };
            V::Floats(values.iter().map(number).collect::<Option<_>>()?)
        }
        (Kind::Size { .. }, Value::Number(n)) if n.as_int().is_some_and(|n| n < 0) => {
            V::Int(n.as_int()?)
        }
        (Kind::Size { .. }, value) => V::Dims(vec![dim(value)?]),
        (Kind::Sizes, Value::Tuple(values) | Value::List(values)) if values.len() == 2 => {
            V::Dims(values.iter().map(dim).collect::<Option<_>>()?)
        }
        (Kind::Sizes, value) => V::Dims(vec![dim(value)?, dim(value)?]),
        (Kind::Dims, Value::Tuple(values) | Value::List(values)) => {
            V::Dims(values.iter().map(dim).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// What a kind of argument takes, in words.
fn taken(kind: Kind) -> &'static str {
    match kind {
        Kind::Int { .. } | Kind::Size { .. } => "a whole number",
        Kind::Axis | Kind::NewAxis => "the number of a dimension",
        Kind::Float { .. } | Kind::Scalar => "a number",
        Kind::Bool => "`true` or `false`",
        Kind::Pair { .. } | Kind::Sizes => "a whole number or `(height, width)`",
        Kind::Axes => "a dimension or a list of them",
        Kind::Order | Kind::Dims => "a list of whole numbers",
        Kind::Numbers => "a list of numbers",
    }
}

/// A value as messages show it.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Number(n) if n.as_f64().is_some() => format!("{n}"),
        Value::Number(n) if n.changes() => "a number that changes in training".to_string(),
        Value::Str(text) => format!("the string \"{text}\""),
        Value::Bool(Some(b)) => format!("`{b}`"),
        Value::Tuple(values) => format!("a tuple of {}", values.len()),
        other => other.kind().to_string(),
    }
}

/// All arguments as the plan states them, of an operation whose first input has so many dimensions.
pub(super) fn plan_args(
    op: &Operation,
    arguments: &[(&'static str, ops::Value)],
    bound: &Bound,
    numbers: &[(&'static str, Number)],
    rank: usize,
) -> BTreeMap<String, Arg> {
    let mut args = BTreeMap::new();
    for (i, (name, value)) in arguments.iter().enumerate() {
        let given = bound.parameters.get(i).and_then(Option::as_ref);
        let formula = given.and_then(|given| match &given.value {
            Value::Number(n @ Number::Symbolic { .. }) => n.arg(),
            _ => None,
        });
        let dims = matches!(value, ops::Value::Dims(_));
        if let Some(arg) = formula
            .filter(|_| !dims)
            .or_else(|| plan_arg(op, name, value, rank))
        {
            args.insert((*name).to_string(), arg);
        }
    }
    for (name, number) in numbers {
        if let Some(arg) = number.arg() {
            args.insert((*name).to_string(), arg);
        }
    }
    args
}

fn plan_arg(op: &Operation, name: &str, value: &ops::Value, rank: usize) -> Option<Arg> {
    let kind = op.argument(name).map(|argument| argument.kind);
    Some(match value {
        ops::Value::Int(n) => Arg::Int(from_front(kind, *n, rank)),
        ops::Value::Float(x) => Arg::Number(*x),
        ops::Value::Bool(b) => Arg::Bool(*b),
        ops::Value::Pair(a, b) => Arg::List(vec![Arg::Int(*a), Arg::Int(*b)]),
        ops::Value::Ints(values) => Arg::List(
            (values.iter())
                .map(|n| Arg::Int(from_front(kind, *n, rank)))
                .collect(),
        ),
        ops::Value::Floats(values) => Arg::List(values.iter().map(|x| Arg::Number(*x)).collect()),
        ops::Value::Dims(dims) => {
            let mut dims: Vec<Arg> = dims
                .iter()
                .filter_map(|d| Number::from_dim(d).arg())
                .collect();
            let one = matches!(kind, Some(Kind::Size { .. }));
            if one { dims.pop()? } else { Arg::List(dims) }
        }
        ops::Value::Absent | ops::Value::Unknown => return None,
    })
}

/// A dimension's number, counted from the front: what says the same is then stated in the same words, and shared.
fn from_front(kind: Option<Kind>, n: i64, rank: usize) -> i64 {
    let count = match kind {
        Some(Kind::Axis | Kind::Axes | Kind::Order) => rank as i64,
        Some(Kind::NewAxis) => rank as i64 + 1,
        _ => return n,
    };
    if n < 0 { n + count } else { n }
}
