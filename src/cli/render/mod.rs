//! Diagnostics to text: for people, for tools that read lines, as JSON and as SARIF.

mod excerpt;
pub mod human;
pub mod json;
mod preview;
pub mod sarif;
pub mod short;

use crate::diag::{Applicability, Diagnostic};

fn applicability(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    }
}

/// Text that cannot do anything to a terminal: control characters and those that reverse the reading direction
/// are replaced. Line ends and tabs stay.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|&c| c != '\u{feff}')
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | human::TIE => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The message with what it says of its place, if that is more, and with the help: for tools that show nothing else.
pub fn plain(diagnostic: &Diagnostic) -> String {
    let notes = diagnostic.notes.iter().filter(|note| note.span.is_none());
    let notes = notes.map(|note| format!("note: {}", note.text));
    let help = diagnostic.help.iter();
    let help = help.map(|help| format!("help: {}", help.text));
    let mut lines: Vec<String> = notes.chain(help).collect();
    lines.insert(0, diagnostic.message.clone());
    let label = diagnostic.labels.iter().find(|label| label.primary);
    let label = label.map(|label| label.text.as_str()).unwrap_or_default();
    if !lines.iter().any(|line| line.contains(label)) {
        lines.insert(1, label.to_string());
    }
    lines.join("\n")
}
