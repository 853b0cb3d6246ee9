//! A text that has not been saved: it stands beside the examples, and not on the disk.

use kdc::Checked;
use kdc::cli::files::Overlay;
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
    let messages: Vec<&String> = checked.diagnostics.iter().map(|d| &d.message).collect();
    let plan = checked.plan;
    plan.unwrap_or_else(|| panic!("{messages:?}\nof\n{text}"))
}
