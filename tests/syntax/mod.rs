//! The parser: what it reads, what it says about what it cannot read, and that nothing makes it fail.

mod again;
mod foreign;
mod grammar;
mod limits;
mod recovery;

mod show;
mod spans;

use kdc::diag::{Applicability, Code, Diagnostic, tidy};
use kdc::source::{SourceFile, Sources};
use kdc::syntax::{Parse, ast};

/// A file of a text.
pub fn source(text: &str) -> SourceFile {
    let mut sources = Sources::default();
    let id = sources.add("test.kd".to_owned(), None, text);
    sources.get(id).clone()
}

fn parse(text: &str) -> Parse {
    let mut parse = kdc::syntax::parse(&source(text));
    parse.diagnostics = tidy(parse.diagnostics);
    parse
}

/// The tree of a text without mistakes, in the notation of `show`.
fn tree(text: &str) -> String {
    let parse = parse(text);
    assert_eq!(parse.diagnostics, [], "{text}");
    show::file(&parse.file)
}

/// The tree of one expression.
fn expr(text: &str) -> String {
    let tree = tree(&format!("x = {text}"));
    tree.strip_prefix("(const x ")
        .and_then(|t| t.strip_suffix(")"))
        .map(str::to_owned)
        .unwrap_or(tree)
}

/// What is said about a text: code, the text of the primary place, and the message.
fn complaints(text: &str) -> Vec<(Code, String, String)> {
    let parse = parse(text);
    parse
        .diagnostics
        .iter()
        .map(|d| {
            let span = d.primary().expect("every syntax error has a place");
            (d.code, text[span.range()].to_owned(), d.message.clone())
        })
        .collect()
}

/// The only thing that is said about a text.
fn complaint(text: &str) -> Diagnostic {
    let mut diagnostics = parse(text).diagnostics;
    assert_eq!(diagnostics.len(), 1, "{text}\n{diagnostics:#?}");
    diagnostics.remove(0)
}

/// The text with all safe fixes made.
fn fixed(text: &str) -> String {
    let mut edits: Vec<_> = parse(text)
        .diagnostics
        .into_iter()
        .flat_map(|d| d.help)
        .filter_map(|help| help.fix)
        .filter(|fix| fix.applicability == Applicability::Safe)
        .flat_map(|fix| fix.edits)
        .collect();
    edits.sort_by_key(|edit| edit.span.start);
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.text);
    }
    text
}

fn items(text: &str) -> Vec<ast::Item> {
    parse(text).file.items.clone()
}
