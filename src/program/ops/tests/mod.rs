//! Tests of the rules. Calls are written as text.

mod activation;
mod arithmetic;
mod attention;
mod convolution;
mod linear;
mod part;
mod pooling;
mod reduce;
mod select;
mod shape;
mod table;
mod total;

use super::{Element, Inferred, Kind, Operation, Refusal, Tensor, Value, find};
use crate::shape::{Dim, Shape};

/// `infer("conv2d", &["[N, 3, 32, 32]"], "channels: 16, kernel: (3, 5)")`. Values that are known only
/// by symbols are written `?` (a number) or by name (a size).
fn infer(op: &str, inputs: &[&str], arguments: &str) -> Result<Inferred, Refusal> {
    let op = find(op).expect("an operation");
    let inputs: Vec<Tensor> = inputs.iter().map(|text| tensor(text)).collect();
    op.infer(&inputs, &values(op, arguments))
}

/// The output's type as text, or the refusal's message.
fn output(op: &str, inputs: &[&str], arguments: &str) -> String {
    match infer(op, inputs, arguments) {
        Ok(inferred) => inferred.output.to_string(),
        Err(refusal) => refusal.message,
    }
}

/// Asserts the output of one operation on each line: inputs, arguments, what comes out.
fn gives(op: &str, cases: &[(&[&str], &str, &str)]) {
    for (inputs, arguments, expected) in cases {
        let found = output(op, inputs, arguments);
        assert_eq!(found, *expected, "{op} of {inputs:?} with ({arguments})");
    }
}

/// A refusal as text: code, message, what is blamed and its label, notes, repair.
fn refusal(op: &str, inputs: &[&str], arguments: &str) -> String {
    let refusal = infer(op, inputs, arguments).expect_err("a refusal");
    let mut lines = vec![
        format!("{}: {}", refusal.code, refusal.message),
        format!("{:?}: {}", refusal.blame, refusal.label),
    ];
    lines.extend(refusal.notes);
    lines.extend(refusal.repair.map(|repair| format!("{repair:?}")));
    lines.join("\n")
}

/// The roles and shapes of what it owns: `weight [16, 3, 3, 3]`.
fn weights(op: &str, inputs: &[&str], arguments: &str) -> Vec<String> {
    let inferred = infer(op, inputs, arguments).expect("a call that fits");
    let show = |w: &super::Weight| format!("{} {}", w.role, w.shape);
    inferred.weights.iter().map(show).collect()
}

fn values(op: &Operation, arguments: &str) -> Vec<(&'static str, Value)> {
    let given: Vec<(&'static str, Value)> = split(arguments)
        .into_iter()
        .map(|part| {
            let (name, text) = part.split_once(": ").expect("name: value");
            let argument = op.argument(name).expect("an argument");
            (argument.name, value(argument.kind, text))
        })
        .collect();
    op.complete(&given).expect("all required arguments")
}

/// Splits at the commas that stand in no bracket.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c| {
        depth += i32::from(matches!(c, '(' | '[')) - i32::from(matches!(c, ')' | ']'));
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
    .collect()
}

fn value(kind: Kind, text: &str) -> Value {
    let items = split(text.trim_matches(['(', ')', '[', ']']));
    let int = |text: &str| text.parse::<i64>().expect("a whole number");
    let dim = |text: &&str| text.parse::<Dim>().expect("a size");
    match kind {
        Kind::Size { .. } if text.starts_with('-') => Value::Int(int(text)),
        Kind::Size { .. } | Kind::Dims => Value::Dims(items.iter().map(dim).collect()),
        Kind::Sizes if items.len() == 1 => Value::Dims(vec![dim(&items[0]); 2]),
        Kind::Sizes => Value::Dims(items.iter().map(dim).collect()),
        _ if text == "?" => Value::Unknown,
        Kind::Int { .. } | Kind::Axis | Kind::NewAxis => Value::Int(int(text)),
        Kind::Float { .. } | Kind::Scalar => Value::Float(text.parse().expect("a number")),
        Kind::Bool => Value::Bool(text == "true"),
        Kind::Pair { .. } => Value::Pair(int(items[0]), int(items[items.len() - 1])),
        Kind::Axes | Kind::Order => Value::Ints(items.iter().map(|item| int(item)).collect()),
        Kind::Numbers => {
            let number = |item: &&str| item.parse().expect("a number");
            Value::Floats(items.iter().map(number).collect())
        }
    }
}

/// `[N, 3]`, `bool[N]`, `class(10)[N]`.
fn tensor(text: &str) -> Tensor {
    let (element, shape) = text.split_at(text.find('[').expect("a shape"));
    let (word, count) = element.split_once('(').unwrap_or((element, "?)"));
    let count = || count.trim_end_matches(')').parse().expect("a size");
    Tensor {
        element: match word {
            "bool" => Element::Bool,
            "id" => Element::Id(count()),
            "class" => Element::Class(count()),
            "probability" => Element::Probability,
            _ => Element::Real,
        },
        shape: shape.parse::<Shape>().expect("a shape"),
    }
}
