//! One line each, for grep and an editor's list of errors: `file:line:column: error[E0301]: message`.

use super::{harmless, severity};
use crate::diag::Diagnostic;
use crate::source::Sources;

/// The line, with its end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let place = diagnostic
        .primary()
        .map(|span| format!("{}: ", sources.place(span)))
        .unwrap_or_default();
    let line = format!(
        "{place}{}[{}]: {}",
        severity(diagnostic.severity),
        diagnostic.code,
        diagnostic.message
    );
    harmless(&line.replace('\n', " ")) + "\n"
}
