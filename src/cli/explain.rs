//! `kdc explain`: the tables of codes and operations and the library, for reading.

use super::args::Explain;
use super::exit::Exit;
use super::output::{self, Stream};
use super::render::human::wrapping;
use crate::diag::{Code, Severity, suggest};
use crate::program::library;
use crate::program::ops::torch_names::{self, Answer};
use crate::program::ops::{self, Argument, Family, Operation};

const WIDTH: usize = 80;

pub fn run(args: &Explain) -> Exit {
    let what = args.what.trim();
    let text = lists(what)
        .or_else(|| Code::parse(what).map(code))
        .or_else(|| ops::find(what).map(operation))
        .or_else(|| definition(what))
        .or_else(|| torch(what));
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

/// All codes, operations, losses or models.
fn lists(what: &str) -> Option<String> {
    Some(match what {
        "codes" => Code::ALL
            .iter()
            .map(|code| format!("{code}  {}\n", code.summary()))
            .collect(),
        "operations" => ops::FAMILIES.iter().map(|family| names(family)).collect(),
        library if library::LIBRARIES.contains(&library) => {
            let names: Vec<&str> = library::names(library).collect();
            textwrap::fill(&names.join(" "), wrapping(WIDTH)) + "\n"
        }
        _ => return None,
    })
}

fn names(family: &Family) -> String {
    let names: Vec<&str> = family.operations.iter().map(|op| op.name).collect();
    let options = wrapping(WIDTH).initial_indent("  ").subsequent_indent("  ");
    let names = textwrap::fill(&names.join(" "), options);
    format!("{}\n{names}\n", family.title)
}

fn unknown(what: &str) -> String {
    let codes = Code::ALL.iter().flat_map(|code| [code.name(), code.slug()]);
    let operations = ops::all().map(|op| op.name);
    let definitions = library::LIBRARIES.iter().flat_map(|l| library::names(l));
    let help = match suggest::nearest(what, codes.chain(operations).chain(definitions)) {
        Some(near) => format!("there is `{near}`"),
        None => {
            "a code stands above every message, like E0301; an operation is a word like `conv2d`, a loss \
             one like `dkd`"
                .into()
        }
    };
    format!("`{what}` is neither a code nor an operation, loss or model\n\n  help: {help}")
}

fn code(code: Code) -> String {
    let severity = match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!(
        "{code}, {} ({severity})\n\n{}\n\n{}",
        code.slug(),
        code.summary(),
        unmarked(code.explanation())
    )
}

/// Markdown for reading: paragraphs filled, code set apart.
fn unmarked(markdown: &str) -> String {
    let filled = |paragraph: &str| textwrap::fill(&paragraph.replace('\n', " "), wrapping(WIDTH));
    let mut pieces: Vec<String> = Vec::new();
    for (part, code) in markdown.split("```").zip([false, true].into_iter().cycle()) {
        if code {
            let text = part.split_once('\n').map_or(part, |(_, text)| text);
            pieces.push(textwrap::indent(text.trim_end(), "    "));
        } else {
            let paragraphs = part.trim().split("\n\n").filter(|p| !p.is_empty());
            pieces.extend(paragraphs.map(filled));
        }
    }
    pieces.join("\n\n") + "\n"
}

/// A model or loss of the standard library.
fn definition(name: &str) -> Option<String> {
    let mut entries = library::LIBRARIES
        .iter()
        .map(|l| library::reference::entry(l, name));
    let library::reference::Entry { signature, doc } = entries.find_map(|entry| entry)?;
    let signature = textwrap::fill(&signature, wrapping(WIDTH).subsequent_indent("    "));
    let doc = textwrap::fill(&doc, wrapping(WIDTH));
    Some(format!("{signature}\n\n{doc}\n"))
}

/// PyTorch's name of an operation.
fn torch(name: &str) -> Option<String> {
    Some(match torch_names::callable(name)? {
        Answer::Name(own) => {
            let entry = ops::find(own).map(operation).unwrap_or_default();
            format!("PyTorch's `{name}` is `{own}` in kd.\n\n{entry}")
        }
        Answer::LeaveOut(why) | Answer::Say(why) => format!("{why}\n"),
    })
}

fn operation(op: &Operation) -> String {
    let signature = wrapping(WIDTH).subsequent_indent("    ");
    let mut text = textwrap::fill(&op.signature(), signature) + "\n\n";
    text += &textwrap::fill(op.doc.trim(), wrapping(WIDTH));
    text.push('\n');
    if !op.arguments.is_empty() {
        text.push('\n');
    }
    let width = op.arguments.iter().map(|a| a.name.len()).max().unwrap_or(0);
    for argument in op.arguments {
        text += &described(argument, width);
    }
    text
}

/// `  kernel   size of the kernel (at least 1)`
fn described(argument: &Argument, width: usize) -> String {
    let lead = format!("  {:width$}  ", argument.name);
    let rest = " ".repeat(lead.len());
    let bounds = argument.kind.bounds().map(|bounds| format!(" ({bounds})"));
    let text = format!("{}{}", argument.doc, bounds.unwrap_or_default());
    let options = wrapping(WIDTH)
        .initial_indent(&lead)
        .subsequent_indent(&rest);
    textwrap::fill(&text, options) + "\n"
}
