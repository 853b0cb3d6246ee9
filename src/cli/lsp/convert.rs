//! Diagnostics and their repairs in the protocol's form.

use super::documents::uri;
use super::positions::Encoding;
use crate::cli::render::plain;
use crate::diag::{Applicability, Diagnostic, Help, Severity};
use crate::program::load::normal;
use crate::source::{Sources, Span};
use lsp_types::{
    CodeAction, CodeActionKind, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    Location, TextEdit, Uri, WorkspaceEdit,
};
use std::collections::HashMap;

/// Where a span lies; none for the standard library, which is no file.
pub fn location(sources: &Sources, span: Span, encoding: Encoding) -> Option<Location> {
    let source = sources.get(span.file);
    let path = source.path.as_ref()?;
    Some(Location::new(
        uri(&normal(path)),
        encoding.range(source, span),
    ))
}

/// The file that it is about, and the diagnostic.
pub fn diagnostic(
    sources: &Sources,
    diagnostic: &Diagnostic,
    encoding: Encoding,
) -> Option<(Uri, lsp_types::Diagnostic)> {
    let place = location(sources, diagnostic.primary()?, encoding)?;
    let others = diagnostic.labels.iter().filter(|label| !label.primary);
    let others = others.map(|label| (label.span, &label.text));
    let notes = diagnostic.notes.iter();
    let notes = notes.filter_map(|note| Some((note.span?, &note.text)));
    let related = others.chain(notes).filter_map(|(span, text)| {
        let location = location(sources, span, encoding)?;
        Some(DiagnosticRelatedInformation::new(location, text.clone()))
    });
    let unused = diagnostic.code.slug().starts_with("unused");
    let converted = lsp_types::Diagnostic {
        range: place.range,
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        }),
        code: Some(lsp_types::Code::String(diagnostic.code.name().to_string())),
        code_description: None,
        source: Some("kdc".to_string()),
        message: lsp_types::Message::String(plain(diagnostic)),
        tags: unused.then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: Some(related.collect()),
        data: None,
    };
    Some((place.uri, converted))
}

/// The repair as an edit of the files that it changes.
pub fn action(
    sources: &Sources,
    help: &Help,
    of: &lsp_types::Diagnostic,
    encoding: Encoding,
) -> Option<CodeAction> {
    let fix = help.fix.as_ref()?;
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        let place = location(sources, edit.span, encoding)?;
        let edit = TextEdit::new(place.range, edit.text.clone());
        changes.entry(place.uri).or_default().push(edit);
    }
    Some(CodeAction {
        title: title(help),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![of.clone()]),
        is_preferred: Some(fix.applicability == Applicability::Safe),
        edit: Some(WorkspaceEdit {
            changes: Some(changes),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    })
}

/// Menus show one line.
fn title(help: &Help) -> String {
    help.text.lines().next().unwrap_or("repair").to_string()
}
