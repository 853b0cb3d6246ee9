//! The examples, with settings of one's own.

use std::fs;
use std::path::Path;

/// The text of an example in which `what` is `with`.
pub fn changed(file: &Path, what: &str, with: &str) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    match text.contains(what) {
        true => Ok(text.replace(what, with)),
        false => Err(format!("{} has no `{what}`", file.display())),
    }
}

/// The text of an example whose settings stand on one line, with its products in a precision.
pub fn in_precision(file: &Path, precision: &str) -> Result<String, String> {
    let settings = format!("{{ precision: {precision}, epochs:");
    changed(file, "{ epochs:", &settings)
}
