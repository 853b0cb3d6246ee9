//! Collects and prints the diagnostics of a command, and counts them.

use super::args::MessageFormat;
use super::exit::Exit;
use super::output::{self, Stream};
use super::render::human::{self, Style};
use super::render::{json, sarif, short};
use crate::diag::suggest::counted;
use crate::diag::{Applicability, Code, Diagnostic, Severity};
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
    log: sarif::Log,
    shown: usize,
    errors: usize,
    warnings: usize,
    /// How many of them have a safe repair, and how many only one that is not.
    fixable: (usize, usize),
}

impl Report {
    pub fn new(format: MessageFormat, style: Style) -> Report {
        Report {
            format,
            style,
            seen: HashSet::new(),
            files: HashSet::new(),
            log: sarif::Log::default(),
            shown: 0,
            errors: 0,
            warnings: 0,
            fixable: (0, 0),
        }
    }

    /// Prints what was not printed before, or collects it where the format is one document.
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
        let fixes = diagnostic.help.iter().filter_map(|help| help.fix.as_ref());
        let kinds: Vec<Applicability> = fixes.map(|fix| fix.applicability).collect();
        match kinds.contains(&Applicability::Safe) {
            true => self.fixable.0 += 1,
            false => self.fixable.1 += usize::from(!kinds.is_empty()),
        }
    }

    fn print(&mut self, diagnostic: &Diagnostic, sources: &Sources) {
        match self.format {
            MessageFormat::Short => output::write(Stream::Out, &short::render(diagnostic, sources)),
            MessageFormat::Json => output::write(Stream::Out, &json::render(diagnostic, sources)),
            MessageFormat::Sarif => self.log.add(diagnostic, sources),
            MessageFormat::Human if self.shown < MOST => {
                let text = human::render(diagnostic, sources, &self.style);
                output::write(Stream::Err, &(text + "\n"));
                self.shown += 1;
            }
            MessageFormat::Human => {}
        }
    }

    /// Prints what comes last: the log, or for people how much was found in how many checked files.
    pub fn finish(&self, checked: usize, fixed: usize, quiet: bool) {
        match self.format {
            MessageFormat::Sarif => output::write(Stream::Out, &self.log.render()),
            MessageFormat::Human if !quiet => {
                output::write(Stream::Err, &self.summary(checked, fixed));
            }
            _ => {}
        }
    }

    fn summary(&self, checked: usize, fixed: usize) -> String {
        let fixed = match fixed {
            0 => String::new(),
            n => format!("{} fixed; ", some(n, "problem")),
        };
        let total = self.errors + self.warnings;
        if total == 0 {
            let left = if fixed.is_empty() { "" } else { " left" };
            return format!("{fixed}no problems{left} in {}\n", some(checked, "file"));
        }
        let more = match total - self.shown {
            0 => String::new(),
            n => format!("… and {n} more\n"),
        };
        let kinds = [(self.errors, "error"), (self.warnings, "warning")];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| some(*count, what))
            .collect();
        let files = match self.files.len() {
            0 => String::new(),
            n => format!(" in {}", some(n, "file")),
        };
        format!("{more}{fixed}{}{files}\n{}", kinds.join(", "), self.fixes())
    }

    /// What `--fix` would do, with its line end.
    fn fixes(&self) -> String {
        match self.fixable {
            (0, 0) => String::new(),
            (0, n) => format!("{n} can be fixed with `kdc check --unsafe-fixes`\n"),
            (n, 0) => format!("{n} can be fixed with `kdc check --fix`\n"),
            (n, m) => {
                format!("{n} can be fixed with `kdc check --fix`, {m} more with `--unsafe-fixes`\n")
            }
        }
    }

    pub fn exit(&self) -> Exit {
        match self.errors > 0 {
            true => Exit::Errors,
            false => Exit::Ok,
        }
    }
}

fn some(count: usize, what: &str) -> String {
    counted(count as i64, what)
}
