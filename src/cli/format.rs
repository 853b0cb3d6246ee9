//! `kdc fmt`.

use super::args::{Fmt, Global, MessageFormat};
use super::check::{files, is_stdin, named};
use super::exit::Exit;
use super::files::replace;
use super::output::{self, Stream};
use super::report::Report;
use super::terminal;
use crate::diag::suggest::counted;
use crate::format;
use crate::source::Sources;
use similar::TextDiff;
use std::path::Path;

/// What became of a file.
enum Formatted {
    As(String),
    Already,
    /// It has syntax errors, which have been printed.
    Wrong,
    /// It cannot be read or written, which has been printed.
    Lost,
}

pub fn run(args: &Fmt, global: &Global) -> Exit {
    let paths = match files(&args.paths) {
        Ok(paths) => paths,
        Err(message) => {
            output::complain(&message);
            return Exit::Usage;
        }
    };
    let mut report = Report::new(MessageFormat::Human, terminal::style(global.color));
    let (mut changed, mut wrong, mut lost) = (0, 0, 0);
    for path in &paths {
        match file(path, args, &mut report) {
            Formatted::As(_) => changed += 1,
            Formatted::Already => {}
            Formatted::Wrong => wrong += 1,
            Formatted::Lost => lost += 1,
        }
    }
    let read = paths.len() - lost;
    let counted = read > 0 && !paths.iter().any(|path| is_stdin(path));
    if counted && !global.quiet {
        output::write(Stream::Err, &summary(args.check, changed, wrong, read));
    }
    match (lost, wrong, args.check && changed > 0) {
        (0, 0, false) => Exit::Ok,
        (0, _, _) => Exit::Errors,
        _ => Exit::Usage,
    }
}

fn file(path: &Path, args: &Fmt, report: &mut Report) -> Formatted {
    let stdin = is_stdin(path);
    let (files, path) = named(path);
    let text = match files.read(path) {
        Ok(text) => text,
        Err(reason) => {
            let diagnostic = crate::unreadable(&*files, path, &reason);
            report.add(&[diagnostic], &Sources::default());
            return Formatted::Lost;
        }
    };
    let name = path.display().to_string();
    let outcome = formatted(&name, &text, report);
    if args.diff {
        if let Formatted::As(new) = &outcome {
            output::write(Stream::Out, &diff(&name, &text, new));
        }
    } else if args.check {
        if let Formatted::As(_) = outcome {
            output::write(Stream::Out, &format!("{name}\n"));
        }
    } else if stdin {
        let new = match &outcome {
            Formatted::As(new) => new,
            _ => &text,
        };
        output::write(Stream::Out, new);
    } else if let Formatted::As(new) = &outcome
        && let Err(message) = replace(path, new)
    {
        output::complain(&message);
        return Formatted::Lost;
    }
    outcome
}

fn formatted(name: &str, text: &str, report: &mut Report) -> Formatted {
    let mut sources = Sources::default();
    let id = sources.add(name.to_owned(), None, text);
    match format::format(sources.get(id)) {
        Ok(new) if new == text => Formatted::Already,
        Ok(new) => Formatted::As(new),
        Err(diagnostics) => {
            report.add(&diagnostics, &sources);
            Formatted::Wrong
        }
    }
}

fn diff(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut unified = diff.unified_diff();
    unified.header(name, name).to_string()
}

fn summary(check: bool, changed: usize, wrong: usize, all: usize) -> String {
    let count = |n: usize| counted(n as i64, "file");
    let mut parts = Vec::new();
    match (changed, check) {
        (0, _) => {}
        (n, true) => parts.push(format!("{} would change", count(n))),
        (n, false) => parts.push(format!("{} changed", count(n))),
    }
    if wrong > 0 {
        parts.push(format!(
            "{} left as it is, for its syntax errors",
            count(wrong)
        ));
    }
    match parts.is_empty() {
        true => format!("{} formatted already\n", count(all)),
        false => format!("{}, of {}\n", parts.join(", "), count(all)),
    }
}
