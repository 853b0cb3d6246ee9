//! `kdc check`, and what the other commands do before anything else.

use super::args::{Check, Deny, Global, MessageFormat};
use super::exit::Exit;
use super::files::{Disk, STDIN, Stdin, walk};
use super::output::{self, Stream};
use super::report::Report;
use super::terminal;
use crate::plan::Plan;
use crate::{Checked, diag::Severity};
use std::path::{Path, PathBuf};

pub fn run(args: &Check, global: &Global) -> Exit {
    let paths = match files(&args.paths) {
        Ok(paths) => paths,
        Err(message) => {
            output::complain(&message);
            return Exit::Usage;
        }
    };
    let format = args.messages.message_format;
    let mut report = Report::new(format, terminal::style(global.color));
    let mut readable = true;
    for path in &paths {
        let checked = check(path);
        // What was asked for comes first among the sources; when it is not there, it could not be read.
        readable &= checked.sources.iter().next().is_some();
        report.add(&checked.diagnostics, &checked.sources);
    }
    if let Some(summary) = report.summary(paths.len()).filter(|_| !global.quiet) {
        output::write(Stream::Err, &summary);
    }
    match readable {
        true => report.exit(args.deny == Some(Deny::Warnings)),
        false => Exit::Usage,
    }
}

/// The plan of one file; its problems are printed on the way.
pub fn plan(file: &Path, global: &Global) -> Result<Plan, Exit> {
    let checked = check(file);
    let mut report = Report::new(MessageFormat::Human, terminal::style(global.color));
    report.add(&checked.diagnostics, &checked.sources);
    let failed = checked
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error);
    match checked.plan {
        Some(plan) if !failed => Ok(plan),
        _ => {
            let summary = report.summary(1).unwrap_or_default();
            output::write(Stream::Err, &summary);
            let readable = checked.sources.iter().next().is_some();
            Err(if readable { Exit::Errors } else { Exit::Usage })
        }
    }
}

fn check(path: &Path) -> Checked {
    match path == Path::new("-") {
        true => crate::check(&Stdin::read(), Path::new(STDIN)),
        false => crate::check(&Disk, path),
    }
}

/// The files that are meant, each once.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let found = walk(path)?;
        if found.is_empty() {
            return Err(format!(
                "there is no .kd file in the folder `{}`",
                path.display()
            ));
        }
        // `./a.kd` is `a.kd` to those who typed nothing.
        files.extend(found.into_iter().map(|file| match file.strip_prefix("./") {
            Ok(short) => short.to_path_buf(),
            Err(_) => file,
        }));
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}
