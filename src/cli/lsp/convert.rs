//! Diagnostics and their repairs in the protocol's form.

use super::positions::Places;
use crate::cli::render::plain;
use crate::diag::{Diagnostic, Help, Severity};
use crate::source::{Sources, Span};
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
    let related = diagnostic.related().filter_map(|(span, text)| {
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
    let edits = fix.edits.iter();
    let edits = edits.map(|edit| (edit.span, edit.text.as_str()));
    let edit = workspace_edit(sources, edits, places)?;
    Some(CodeAction {
        title: title(help),
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![of.clone()]),
        edit: Some(edit),
        ..CodeAction::default()
    })
}

/// New texts for places; none if the editor cannot open a file of them.
pub fn workspace_edit<'t>(
    sources: &Sources,
    edits: impl Iterator<Item = (Span, &'t str)>,
    places: &Places,
) -> Option<WorkspaceEdit> {
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (span, text) in edits {
        let place = places.location(sources, span)?;
        let edit = TextEdit::new(place.range, text.to_string());
        changes.entry(place.uri).or_default().push(edit);
    }
    Some(WorkspaceEdit {
        changes: Some(changes),
        ..WorkspaceEdit::default()
    })
}

/// Menus show one line.
fn title(help: &Help) -> String {
    help.text.lines().next().unwrap_or("repair").to_string()
}
