//! One JSON object a line. The contract is docs/diagnostics-json.md; fields may be added, never changed.

use super::{applicability, human};
use crate::diag::{Diagnostic, Edit, Help, Label, Note};
use crate::source::{Sources, Span};
use serde::Serialize;

/// The version of the contract.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Object<'a> {
    kdc: u32,
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    labels: Vec<LabelObject<'a>>,
    notes: Vec<NoteObject<'a>>,
    help: Vec<HelpObject<'a>>,
    rendered: String,
}

/// `file` and `span`: both null when it is about no place.
#[derive(Serialize)]
struct Place<'a> {
    file: Option<&'a str>,
    span: Option<Range>,
}

/// Half-open.
#[derive(Serialize)]
struct Range {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    byte: u32,
}

#[derive(Serialize)]
struct LabelObject<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
    primary: bool,
}

#[derive(Serialize)]
struct NoteObject<'a> {
    text: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
}

#[derive(Serialize)]
struct HelpObject<'a> {
    text: &'a str,
    fix: Option<FixObject<'a>>,
}

#[derive(Serialize)]
struct FixObject<'a> {
    applicability: &'static str,
    edits: Vec<EditObject<'a>>,
}

#[derive(Serialize)]
struct EditObject<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

/// The object, with its line end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let object = Object {
        kdc: FORMAT,
        code: diagnostic.code.name(),
        name: diagnostic.code.slug(),
        severity: diagnostic.severity.word(),
        message: &diagnostic.message,
        place: place(diagnostic.primary(), sources),
        labels: diagnostic
            .labels
            .iter()
            .map(|l| label(l, sources))
            .collect(),
        notes: diagnostic.notes.iter().map(|n| note(n, sources)).collect(),
        help: diagnostic.help.iter().map(|h| help(h, sources)).collect(),
        rendered: human::render(diagnostic, sources, &human::Style::PLAIN),
    };
    serde_json::to_string(&object).expect("nothing in it that JSON cannot say") + "\n"
}

fn label<'a>(label: &'a Label, sources: &'a Sources) -> LabelObject<'a> {
    LabelObject {
        place: place(Some(label.span), sources),
        text: &label.text,
        primary: label.primary,
    }
}

fn note<'a>(note: &'a Note, sources: &'a Sources) -> NoteObject<'a> {
    NoteObject {
        text: &note.text,
        place: place(note.span, sources),
    }
}

fn help<'a>(help: &'a Help, sources: &'a Sources) -> HelpObject<'a> {
    let fix = help.fix.as_ref().map(|fix| FixObject {
        applicability: applicability(fix.applicability),
        edits: fix.edits.iter().map(|e| edit(e, sources)).collect(),
    });
    HelpObject {
        text: &help.text,
        fix,
    }
}

fn edit<'a>(edit: &'a Edit, sources: &'a Sources) -> EditObject<'a> {
    EditObject {
        place: place(Some(edit.span), sources),
        text: &edit.text,
    }
}

fn place(span: Option<Span>, sources: &Sources) -> Place<'_> {
    Place {
        file: span.map(|span| sources.get(span.file).name.as_str()),
        span: span.map(|span| Range {
            start: point(span, span.start, sources),
            end: point(span, span.end, sources),
        }),
    }
}

fn point(span: Span, byte: u32, sources: &Sources) -> Point {
    let at = sources.get(span.file).position(byte as usize);
    Point {
        line: at.line,
        column: at.column,
        byte,
    }
}
