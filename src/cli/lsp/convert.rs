//! Diagnostics and their repairs in the protocol's form.

use super::positions::Places;
use crate::cli::render::plain;
use crate::diag::{Diagnostic, Help, Severity};
use crate::source::Sources;
use lsp_types::{
    CodeAction, CodeActionKind, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    TextEdit, Uri, WorkspaceEdit,
};
use std::collections::HashMap;

/// The file that it is about, and the diagnostic.
pub fn diagnostic(
    sources: &Sources,
    diagnostic: &Diagnostic,
    places: &Places,
) -> Option<(Uri, lsp_types::Diagnostic)> {
    let place = places.location(sources, diagnostic.primary()?)?;
    let others = diagnostic.labels.iter().filter(|label| !label.primary);
    let others = others.map(|label| (label.span, &label.text));
    let notes = diagnostic.notes.iter();
    let notes = notes.filter_map(|note| Some((note.span?, &note.text)));
    let related = others.chain(notes).filter_map(|(span, text)| {
        let location = places.location(sources, span)?;
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

/// The repairs of a diagnostic. Editors apply the first with one key, without asking which.
pub fn actions(sources: &Sources, diagnostic: &Diagnostic, places: &Places) -> Vec<CodeAction> {
    let Some((_, of)) = self::diagnostic(sources, diagnostic, places) else {
        return Vec::new();
    };
    let repairs = diagnostic.help.iter();
    let mut actions: Vec<CodeAction> = repairs
        .filter_map(|help| action(sources, help, &of, places))
        .collect();
    if let Some(first) = actions.first_mut() {
        first.is_preferred = Some(true);
    }
    actions
}

/// The repair as an edit of the files that it changes.
fn action(
    sources: &Sources,
    help: &Help,
    of: &lsp_types::Diagnostic,
    places: &Places,
) -> Option<CodeAction> {
    let fix = help.fix.as_ref()?;
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for edit in &fix.edits {
        let place = places.location(sources, edit.span)?;
        let edit = TextEdit::new(place.range, edit.text.clone());
        changes.entry(place.uri).or_default().push(edit);
    }
    Some(CodeAction {
        title: title(help),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![of.clone()]),
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
