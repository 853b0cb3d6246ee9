//! Diagnostics to text: for people, for tools that read lines, and as JSON.

mod excerpt;
pub mod human;
pub mod json;
mod preview;
pub mod short;

use crate::diag::Severity;

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
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
