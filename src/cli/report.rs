//! Collects and prints the diagnostics of a command, and counts them.

use super::args::MessageFormat;
use super::exit::Exit;
use super::output::{self, Stream};
use super::render::human::{self, Style};
use super::render::{json, short};
use crate::diag::{Code, Diagnostic, Severity};
use crate::source::Sources;
use std::collections::HashSet;

/// Nobody reads more in one go.
const MOST: usize = 50;

/// A diagnostic's code, file, place in it and message.
type Key = (Code, String, u32, String);

fn key(diagnostic: &Diagnostic, sources: &Sources) -> Key {
    let place = diagnostic.primary();
    let file = place.map_or(String::new(), |span| sources.get(span.file).name.clone());
    let start = place.map_or(0, |span| span.start);
    (diagnostic.code, file, start, diagnostic.message.clone())
}

pub struct Report {
    format: MessageFormat,
    style: Style,
    /// What was reported: files that import the same file have the same mistakes in it.
    seen: HashSet<Key>,
    files: HashSet<String>,
    shown: usize,
    errors: usize,
    warnings: usize,
}

impl Report {
    pub fn new(format: MessageFormat, style: Style) -> Report {
        Report {
            format,
            style,
            seen: HashSet::new(),
            files: HashSet::new(),
            shown: 0,
            errors: 0,
            warnings: 0,
        }
    }

    /// Prints what was not printed before.
    pub fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        for diagnostic in diagnostics {
            if self.seen.insert(key(diagnostic, sources)) {
                self.count(diagnostic, sources);
                self.print(diagnostic, sources);
            }
        }
    }

    fn count(&mut self, diagnostic: &Diagnostic, sources: &Sources) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
        }
        if let Some(span) = diagnostic.primary() {
            self.files.insert(sources.get(span.file).name.clone());
        }
    }

    fn print(&mut self, diagnostic: &Diagnostic, sources: &Sources) {
        match self.format {
            MessageFormat::Short => output::write(Stream::Out, &short::render(diagnostic, sources)),
            MessageFormat::Json => output::write(Stream::Out, &json::render(diagnostic, sources)),
            MessageFormat::Human if self.shown < MOST => {
                let text = human::render(diagnostic, sources, &self.style);
                output::write(Stream::Err, &(text + "\n"));
                self.shown += 1;
            }
            MessageFormat::Human => {}
        }
    }

    /// The last line for people: how much was found in how many checked files.
    pub fn summary(&self, checked: usize) -> Option<String> {
        if self.format != MessageFormat::Human {
            return None;
        }
        let total = self.errors + self.warnings;
        if total == 0 {
            return Some(format!("no problems in {}\n", counted(checked, "file")));
        }
        let mut text = String::new();
        if total > self.shown {
            text += &format!("… and {} more\n", total - self.shown);
        }
        let kinds = [(self.errors, "error"), (self.warnings, "warning")];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| counted(*count, what))
            .collect();
        text += &kinds.join(", ");
        if !self.files.is_empty() {
            text += &format!(" in {}", counted(self.files.len(), "file"));
        }
        Some(text + "\n")
    }

    pub fn exit(&self, deny_warnings: bool) -> Exit {
        match self.errors > 0 || (deny_warnings && self.warnings > 0) {
            true => Exit::Errors,
            false => Exit::Ok,
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
