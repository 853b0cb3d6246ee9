//! `kdc explain`: the tables of codes and operations, for reading.

use super::args::Explain;
use super::exit::Exit;
use super::output::{self, Stream};
use crate::diag::{Code, Severity, suggest};
use crate::program::ops::{self, Argument, Default, Kind, Operation, Takes};

pub fn run(args: &Explain) -> Exit {
    let what = args.what.trim();
    let text = Code::parse(what)
        .map(code)
        .or_else(|| ops::find(what).map(operation));
    match text {
        Some(text) => {
            output::write(Stream::Out, &text);
            Exit::Ok
        }
        None => {
            output::complain(&unknown(what));
            Exit::Usage
        }
    }
}

fn unknown(what: &str) -> String {
    let codes = Code::ALL.iter().flat_map(|code| [code.name(), code.slug()]);
    let operations = ops::all().map(|op| op.name);
    let near = suggest::nearest(what, codes.chain(operations));
    let help = match near {
        Some(near) => format!("there is `{near}`"),
        None => "codes stand above every message: E0301".into(),
    };
    format!("`{what}` is neither a code nor an operation\n\n  help: {help}")
}

fn code(code: Code) -> String {
    let severity = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!(
        "{code}, {} ({severity})\n\n{}\n",
        code.slug(),
        code.summary()
    )
}

fn operation(op: &Operation) -> String {
    let mut text = format!("{}\n\n{}\n", signature(op), op.doc.trim());
    let documented: Vec<&Argument> = op.arguments.iter().filter(|a| !a.doc.is_empty()).collect();
    let width = documented.iter().map(|a| a.name.len()).max().unwrap_or(0);
    if !documented.is_empty() {
        text.push('\n');
    }
    for argument in documented {
        text += &format!("  {:width$}  {}\n", argument.name, argument.doc);
    }
    if op.owns {
        text += "\nIt has parameters of its own.\n";
    }
    text
}

/// `avg_pool1d(x: [N, L] or [N, C, L], size: int, stride: int = size)`
fn signature(op: &Operation) -> String {
    let inputs = op.inputs.iter().map(|input| {
        let element = match input.takes {
            Takes::Real | Takes::Logits => "",
            Takes::Bool => "bool",
            Takes::Integer => "id",
            Takes::Any => "any",
        };
        format!("{}: {element}{}", input.name, input.shape)
    });
    let arguments = op.arguments.iter().map(|argument| {
        let default = match argument.default {
            Default::Required => String::new(),
            Default::Int(value) => format!(" = {value}"),
            Default::Float(value) => format!(" = {value}"),
            Default::Bool(value) => format!(" = {value}"),
            Default::None => " = none".into(),
            Default::Same(other) => format!(" = {other}"),
        };
        format!("{}: {}{default}", argument.name, kind(argument.kind))
    });
    let all: Vec<String> = inputs.chain(arguments).collect();
    format!("{}({})", op.name, all.join(", "))
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Int { .. } => "int",
        Kind::Float { .. } => "float",
        Kind::Bool => "bool",
        Kind::Pair { .. } | Kind::Sizes => "int or (int, int)",
        Kind::Axis | Kind::NewAxis => "dimension",
        Kind::Axes => "dimension or list of them",
        Kind::Order => "list(dimension)",
        Kind::Size { .. } => "size",
        Kind::Dims => "shape",
        Kind::Scalar => "number",
    }
}
