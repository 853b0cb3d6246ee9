//! One line each, for grep and an editor's list of errors: `file:line:column: error[E0301]: message`.

use super::harmless;
use crate::diag::Diagnostic;
use crate::source::Sources;

/// The line, with its end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let severity = diagnostic.severity.word();
    line(diagnostic, severity, &diagnostic.message, sources)
}

/// The line about what was repaired, with its end.
pub fn repaired(diagnostic: &Diagnostic, help: &str, sources: &Sources) -> String {
    let text = format!("{}; {help}", diagnostic.message);
    line(diagnostic, "fixed", &text, sources)
}

fn line(diagnostic: &Diagnostic, what: &str, text: &str, sources: &Sources) -> String {
    let place = diagnostic
        .primary()
        .map(|span| format!("{}: ", sources.place(span)))
        .unwrap_or_default();
    let line = format!("{place}{what}[{}]: {text}", diagnostic.code);
    harmless(&line.replace('\n', " ")) + "\n"
}
