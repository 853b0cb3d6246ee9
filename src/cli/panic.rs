//! What people see when kdc has a bug.

use super::info::{VERSION, platform};
use super::output::{self, Stream};
use std::panic::PanicHookInfo;

/// Rust ends a panicking program with 101.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let command: Vec<String> = std::env::args().collect();
        output::write(Stream::Err, &message(what(info), &place, &command));
    }));
}

fn what<'a>(info: &'a PanicHookInfo) -> &'a str {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn message(what: &str, place: &str, command: &[String]) -> String {
    format!(
        "\nThis is a bug in kdc, not in your file: {what} ({place}). Please report it, with the .kd file \
         and these lines:\n  kdc {VERSION} on {}\n  {}\n",
        platform(),
        command.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_says_all_that_a_report_needs() {
        let command = ["kdc", "check", "a.kd"].map(String::from);
        let text = message("index out of bounds", "src/a.rs:1:2", &command);
        for part in [
            "a bug in kdc",
            "index out of bounds",
            "src/a.rs:1:2",
            VERSION,
            "kdc check a.kd",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
