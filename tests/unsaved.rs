//! A text that has not been saved: it stands beside the examples, and not on the disk.

use kdc::Checked;
use kdc::cli::files::Overlay;
use kdc::diag::Severity;
use kdc::plan::Plan;
use std::path::Path;

const PATH: &str = "examples/unsaved.kd";

pub fn check(text: impl Into<String>) -> Checked {
    let mut files = Overlay::default();
    files.set(Path::new(PATH), text.into());
    kdc::check(&files, Path::new(PATH))
}

/// The plan of a text without mistakes.
pub fn plan(text: impl Into<String>) -> Plan {
    let text = text.into();
    let checked = check(text.as_str());
    let errors = checked.diagnostics.iter();
    let errors = errors.filter(|d| d.severity == Severity::Error);
    let messages: Vec<&String> = errors.map(|d| &d.message).collect();
    assert!(messages.is_empty(), "{messages:?}\nof\n{text}");
    checked.plan.expect("a plan of a text without mistakes")
}
