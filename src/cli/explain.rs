//! `kdc explain`: the tables of codes and operations and the library, for reading.

use super::args::Explain;
use super::exit::Exit;
use super::output::{self, Stream};
use super::render::human::wrapping;
use crate::diag::{Code, suggest};
use crate::program::library;
use crate::program::ops::torch_names::{self, Answer};
use crate::program::ops::{self, Family, Operation};
use crate::program::reference::{self, TABLES};

const WIDTH: usize = 80;

pub fn run(args: &Explain) -> Exit {
    let what = args.what.trim();
    let text = lists(what)
        .or_else(|| Code::parse(what).map(code))
        .or_else(|| ops::find(what).map(operation))
        .or_else(|| definition(what))
        .or_else(|| setting(what))
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
        "operations" => {
            let operations = |family: &&Family| family.operations.iter().map(|op| op.name);
            let families = ops::FAMILIES.iter();
            families
                .map(|family| titled(family.title, operations(family)))
                .collect()
        }
        "data" => {
            let tables = TABLES.iter();
            tables
                .map(|(title, table)| titled(title, table.iter().map(|declared| declared.name)))
                .collect()
        }
        library if library::LIBRARIES.contains(&library) => {
            let names: Vec<&str> = library::names(library).collect();
            textwrap::fill(&names.join(" "), wrapping(WIDTH)) + "\n"
        }
        _ => return None,
    })
}

fn titled<'a>(title: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let options = wrapping(WIDTH).initial_indent("  ").subsequent_indent("  ");
    let names = textwrap::fill(&names.join(" "), options);
    format!("{title}\n{names}\n")
}

fn unknown(what: &str) -> String {
    let operations = ops::all().map(|op| op.name);
    let definitions = library::LIBRARIES.iter().flat_map(|l| library::names(l));
    let declared = TABLES.iter().flat_map(|(_, table)| *table).map(|d| d.name);
    let names = Code::words()
        .chain(operations)
        .chain(definitions)
        .chain(declared);
    let help = match suggest::nearest(what, names) {
        Some(near) => format!("there is `{near}`"),
        None => {
            "`kdc explain codes`, `operations`, `losses`, `models` and `data` list what there is"
                .into()
        }
    };
    format!("nothing is called `{what}`\n\n  help: {help}")
}

fn code(code: Code) -> String {
    format!(
        "{code}, {} ({})\n\n{}\n\n{}",
        code.slug(),
        code.severity().word(),
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
    Some(described(&signature, &unmarked(&doc), Vec::new()))
}

/// A data source, transform, optimizer, metric or what else is declared so.
fn setting(name: &str) -> Option<String> {
    let declared = reference::find(name)?;
    let names: Vec<&str> = declared.parameters.iter().map(|p| p.name).collect();
    let arguments = declared.parameters.iter().map(|parameter| {
        let optional = if parameter.optional { "; optional" } else { "" };
        let doc = format!("{} ({}{optional})", parameter.doc, parameter.wants.words());
        (parameter.name, doc)
    });
    let signature = match names.is_empty() {
        true => name.to_string(),
        false => format!("{name}({})", names.join(", ")),
    };
    Some(described(
        &signature,
        &unmarked(declared.doc),
        arguments.collect(),
    ))
}

/// Another program's name of an operation, a loss, a transform or the like.
fn torch(name: &str) -> Option<String> {
    let entry = |own: &str| {
        let operation = ops::find(own).map(operation);
        let other = || definition(own).or_else(|| setting(own));
        operation.or_else(other).unwrap_or_default()
    };
    Some(match torch_names::callable(name)? {
        Answer::Name(own) => format!("PyTorch's `{name}` is `{own}` in kd.\n\n{}", entry(own)),
        Answer::Loss(own) => format!("The loss `{name}` is `{own}` in kd.\n\n{}", entry(own)),
        Answer::LeaveOut(why) | Answer::Say(why) => format!("{why}\n"),
    })
}

fn operation(op: &Operation) -> String {
    let arguments = op.arguments.iter().map(|argument| {
        let bounds = argument.kind.bounds();
        let bounds = bounds
            .map(|bounds| format!(" ({bounds})"))
            .unwrap_or_default();
        (argument.name, format!("{}{bounds}", argument.doc))
    });
    described(&op.signature(), &unmarked(op.doc), arguments.collect())
}

/// The signature, the text, and a line for each argument.
fn described(signature: &str, text: &str, arguments: Vec<(&str, String)>) -> String {
    let signature = textwrap::fill(signature, wrapping(WIDTH).subsequent_indent("    "));
    let mut text = format!("{signature}\n\n{text}");
    if !arguments.is_empty() {
        text.push('\n');
    }
    let width = arguments
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or(0);
    for (name, doc) in arguments {
        let lead = format!("  {name:width$}  ");
        let rest = " ".repeat(lead.len());
        let options = wrapping(WIDTH)
            .initial_indent(&lead)
            .subsequent_indent(&rest);
        text += &(textwrap::fill(&doc, options) + "\n");
    }
    text
}
