//! kdc: a compiler for knowledge distillation.
//!
//! ```text
//! hint.kd ─▶ syntax ─▶ program ─▶ plan ─▶ hint.plan.yaml ─▶ engine (kdc-torch)
//!              │          │        │
//!              └── every pass adds diagnostics, none stops the next ──▶ diag
//! ```
//!
//! What holds throughout:
//! - No pass fails. Broken input gives a partial result and diagnostics; what follows from a mistake is
//!   not reported again.
//! - The compiler reads no files, prints nothing and never exits: files come through [`source::Files`].
//!   Only `cli`, which is the program `kdc`, does, and only it knows miette and terminals.
//! - No pest type leaves `syntax`.
//! - If `check` reports no error, a plan can be made, and the engine accepts it.
//! - An operation's rule stands in one place, `program::ops`; the engine asserts the plan's shapes.

#![warn(clippy::disallowed_methods, clippy::disallowed_types)]

#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod cli;
pub mod data;
// What pest derives names it, for pest is built without `std`.
extern crate alloc;

pub mod diag;
pub mod format;
pub mod hash;
pub mod ide;
pub mod picture;
pub mod plan;
pub mod program;
pub mod shape;
pub mod source;
pub mod syntax;

use diag::suggest::nearest;
use diag::{Code, Diagnostic};
use program::experiment::Experiment;
use program::load::{ModuleId, Modules};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What is known of a file after all passes.
pub struct Checked {
    /// Empty when the file itself could not be read.
    pub sources: source::Sources,
    /// In the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// Of the experiment, if it was asked for.
    pub plan: Option<plan::Plan>,
    /// None in a library, and where the file has mistakes. Definitions that the experiment does not use may have some.
    pub experiment: Option<Rc<Experiment>>,
}

impl Checked {
    /// Whether the file itself could be read.
    pub fn is_readable(&self) -> bool {
        // it comes first among the sources
        self.sources.iter().next().is_some()
    }
}

/// Checks an experiment or a library, and all that it imports, and makes the plan.
pub fn check(files: &dyn source::Files, path: &Path) -> Checked {
    passes(files, path, |modules, experiment| {
        Some(plan::lower(modules, experiment))
    })
}

/// The same without a plan, for those who want to know only what is wrong.
pub fn diagnose(files: &dyn source::Files, path: &Path) -> Checked {
    passes(files, path, |_, _| None)
}

fn passes(
    files: &dyn source::Files,
    path: &Path,
    plan: impl Fn(&Modules, &Experiment) -> Option<plan::Plan>,
) -> Checked {
    let mut modules = Modules::new(files);
    match compile(&mut modules, path) {
        Ok((_, experiment)) => Checked {
            plan: experiment.as_ref().and_then(|of| plan(&modules, of)),
            diagnostics: diag::tidy(modules.diagnostics),
            sources: modules.sources,
            experiment,
        },
        Err(reason) => Checked {
            sources: source::Sources::default(),
            diagnostics: vec![unreadable(files, path, &reason)],
            plan: None,
            experiment: None,
        },
    }
}

/// All passes before the plan. Fails if the file cannot be read.
fn compile(
    modules: &mut Modules,
    path: &Path,
) -> Result<(ModuleId, Option<Rc<Experiment>>), String> {
    let root = modules.root(path)?;
    program::elaborate::check_definitions(modules);
    Ok((root, program::experiment::compile(modules, root)))
}

/// What is said of a file that cannot be read, and why not.
pub fn unreadable(files: &dyn source::Files, path: &Path, reason: &str) -> Diagnostic {
    let message = format!("cannot read `{}`: {reason}", path.display());
    let diagnostic = Diagnostic::new(Code::E0501, message);
    match similar_file(files, path) {
        Some(near) => diagnostic.help(format!("there is `{}`", near.display())),
        None => diagnostic,
    }
}

/// A file in the same folder that was probably meant, if it is another one.
fn similar_file(files: &dyn source::Files, path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let name = path.file_name()?.to_str()?;
    let names = files.list(folder);
    let experiments = names.iter().filter(|name| name.ends_with(".kd"));
    let near = nearest(name, experiments.map(String::as_str))?;
    (!files.exists(path)).then(|| folder.join(near))
}
