//! `kdc check`, and what the other commands do before anything else.

use super::args::{Check, Global, MessageFormat, Rounding};
use super::exit::Exit;
use super::files::{Disk, STDIN, Stdin, walk};
use super::levels::Levels;
use super::output::{self, Stream};
use super::repair::repair;
use super::report::Report;
use super::terminal;
use crate::diag::Applicability;
use crate::plan::Plan;
use crate::program::experiment::Experiment;
use crate::source::Files;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub fn run(args: &Check, global: &Global) -> Exit {
    match checked(args, global) {
        Ok(exit) => exit,
        Err(message) => {
            output::complain(&message);
            Exit::Usage
        }
    }
}

/// Fails if it cannot be done as it was asked for.
fn checked(args: &Check, global: &Global) -> Result<Exit, String> {
    let levels = Levels::new(&args.deny, &args.allow)?;
    let paths = files(&args.paths)?;
    let fixed = match most(args) {
        Some(most) => fix(&paths, most, &levels, global)?,
        None => 0,
    };
    let style = terminal::style(global.color);
    let mut report = Report::new(args.messages.message_format, style);
    let mut readable = true;
    for path in &paths {
        let (files, path) = named(path);
        let checked = crate::diagnose(&*files, path);
        readable &= checked.is_readable();
        report.add(&levels.apply(checked.diagnostics), &checked.sources);
    }
    report.finish(paths.len(), fixed, global.quiet);
    Ok(match readable {
        true => report.exit(),
        false => Exit::Usage,
    })
}

/// How far repairs may go, if they are to be made.
fn most(args: &Check) -> Option<Applicability> {
    match (args.unsafe_fixes, args.fix) {
        (true, _) => Some(Applicability::Unsafe),
        (false, true) => Some(Applicability::Safe),
        (false, false) => None,
    }
}

/// Repairs the files, says what was repaired, and counts it.
fn fix(
    paths: &[PathBuf],
    most: Applicability,
    levels: &Levels,
    global: &Global,
) -> Result<usize, String> {
    if paths.iter().any(|path| is_stdin(path)) {
        return Err("`--fix` changes files; give it the file instead of `-`".into());
    }
    let mut count = 0;
    for path in paths {
        let repairs = repair(path, most, |diagnostics| levels.apply(diagnostics));
        repairs.write()?;
        count += repairs.made.len();
        if !global.quiet {
            output::write(Stream::Err, &repairs.made.concat());
        }
    }
    Ok(count)
}

/// The plan of one file, rounding as is asked; its problems are printed on the way.
pub fn plan(file: &Path, rounding: &Rounding, global: &Global) -> Result<Plan, Exit> {
    let (_, plan) = experiment(file, global)?;
    Ok(match rounding.exact {
        true => plan,
        false => plan.fast(),
    })
}

/// The experiment of one file and its plan; its problems are printed on the way.
pub fn experiment(file: &Path, global: &Global) -> Result<(Rc<Experiment>, Plan), Exit> {
    let (files, path) = named(file);
    let checked = crate::check(&*files, path);
    let readable = checked.is_readable();
    let mut report = Report::new(MessageFormat::Human, terminal::style(global.color));
    report.add(&checked.diagnostics, &checked.sources);
    let failed = report.exit() == Exit::Errors;
    match checked.experiment.zip(checked.plan) {
        _ if failed => report.finish(1, 0, false),
        Some(found) => return Ok(found),
        None => output::complain(&format!(
            "`{}` is a library: it has nothing to train, no network, no edge and no `train` block",
            file.display()
        )),
    }
    Err(if readable { Exit::Errors } else { Exit::Usage })
}

/// Where a file that was named is read, and under which name.
pub fn named(path: &Path) -> (Box<dyn Files>, &Path) {
    match is_stdin(path) {
        true => (Box::new(Stdin::read()), Path::new(STDIN)),
        false => (Box::new(Disk), path),
    }
}

pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
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
