//! What people see when kdc has a bug.

use super::info::{VERSION, platform};
use super::output::{self, Stream};
use std::panic::PanicHookInfo;

/// Rust ends a panicking program with 101.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        output::write(Stream::Err, &message(info, std::env::args()));
    }));
}

fn message(info: &PanicHookInfo, command: impl Iterator<Item = String>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let what = text
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let command: Vec<String> = command.collect();
    format!(
        "\nThis is a bug in kdc, not in your file: {what} ({place}). Please report it with the .kd file \
         and these lines:\n  kdc {VERSION} on {}\n  {}\n",
        platform(),
        command.join(" ")
    )
}
