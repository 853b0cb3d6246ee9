//! `kdc check --fix`: makes the repairs that diagnostics carry.

use super::files::{Overlay, replace};
use super::render::short;
use crate::diag::{Applicability, Diagnostic, Edit, Fix, fix};
use crate::source::{SourceFile, Sources};
use std::path::Path;

/// Every round mends something, so this many are needed by no file. Only a repair that brings back what
/// another one mends would go on, and that is a bug.
const ROUNDS: usize = 100;

/// Files with the repairs made, which are not on the disk yet.
#[derive(Default)]
pub struct Repairs {
    pub files: Overlay,
    /// A line for each repair, with its end: what was wrong and what was done about it.
    pub made: Vec<String>,
    /// Whether nothing was left to repair in the end.
    pub finished: bool,
}

/// Repairs a file and those that it imports, as far as `most` goes. Of the diagnostics, only what `reported` lets
/// through is repaired.
pub fn repair(
    path: &Path,
    most: Applicability,
    reported: impl Fn(Vec<Diagnostic>) -> Vec<Diagnostic>,
) -> Repairs {
    let mut repairs = Repairs::default();
    for _ in 0..ROUNDS {
        let checked = crate::diagnose(&repairs.files, path);
        let diagnostics = reported(checked.diagnostics);
        let round = round(&diagnostics, &checked.sources, most);
        if round.is_empty() {
            repairs.finished = true;
            break;
        }
        repairs.make(&round, &checked.sources);
    }
    repairs
}

/// A diagnostic, and how it is repaired.
type Repair<'a> = (&'a Diagnostic, &'a str, &'a Fix);

/// What can be repaired at once. Safe repairs can, unless they touch each other. Others name new things, and two
/// could choose the same name: they are made one at a time.
fn round<'a>(
    diagnostics: &'a [Diagnostic],
    sources: &Sources,
    most: Applicability,
) -> Vec<Repair<'a>> {
    let repairs = |applicability| {
        diagnostics
            .iter()
            .filter_map(move |diagnostic| first(diagnostic, applicability))
            .filter(|(_, _, fix)| {
                let own = |edit: &Edit| sources.get(edit.span.file).path.is_some();
                fix.edits.iter().all(own)
            })
    };
    let mut chosen: Vec<Repair> = Vec::new();
    for repair in repairs(Applicability::Safe) {
        if !chosen.iter().any(|known| fix::touch(known.2, repair.2)) {
            chosen.push(repair);
        }
    }
    if chosen.is_empty() && most == Applicability::Unsafe {
        chosen.extend(repairs(Applicability::Unsafe).next());
    }
    chosen
}

/// One mistake is mended in one way, even where several are offered.
fn first(diagnostic: &Diagnostic, applicability: Applicability) -> Option<Repair<'_>> {
    diagnostic.help.iter().find_map(|help| {
        let fix = help.fix.as_ref()?;
        (fix.applicability == applicability).then_some((diagnostic, help.text.as_str(), fix))
    })
}

impl Repairs {
    fn make(&mut self, round: &[Repair], sources: &Sources) {
        for (diagnostic, help, _) in round {
            self.made.push(short::repaired(diagnostic, help, sources));
        }
        for source in sources.iter() {
            let edits = round.iter().flat_map(|(_, _, fix)| &fix.edits);
            let edits: Vec<Edit> = edits
                .filter(|edit| edit.span.file == source.id)
                .map(|edit| with_line_ends_of(source, edit))
                .collect();
            let path = source.path.as_ref().filter(|_| !edits.is_empty());
            if let (Some(path), Some(text)) = (path, fix::apply(&source.text, &edits)) {
                self.files.set(path, text);
            }
        }
    }

    /// Writes the files that were changed.
    pub fn write(&self) -> Result<(), String> {
        self.files
            .texts()
            .try_for_each(|(path, text)| replace(path, text))
    }
}

fn with_line_ends_of(source: &SourceFile, edit: &Edit) -> Edit {
    let windows = source.text.contains("\r\n");
    Edit {
        span: edit.span,
        text: match windows {
            true => edit.text.replace('\n', "\r\n"),
            false => edit.text.clone(),
        },
    }
}
