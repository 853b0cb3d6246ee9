//! `kdc train` and `kdc eval`: make the plan as asked, then leave it to the engine.

use super::args::{Eval, Global, Machine, Train};
use super::exit::Exit;
use super::{check, engine};
use crate::plan::Plan;
use std::ffi::OsString;

pub fn train(args: &Train, global: &Global) -> Exit {
    let mut plan = match check::plan(&args.file, global) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    change(&mut plan, args);
    let mut options = engine_options(&args.machine, global);
    if args.force {
        options.push("--force".into());
    }
    engine::run("train", &plan, &options)
}

pub fn eval(args: &Eval, global: &Global) -> Exit {
    match check::plan(&args.file, global) {
        Ok(plan) => engine::run("eval", &plan, &engine_options(&args.machine, global)),
        Err(exit) => exit,
    }
}

/// Settings of the command line become the plan's: it alone says what is trained. Teachers that are
/// trained first stay as their own files have them.
fn change(plan: &mut Plan, args: &Train) {
    if !args.seed.is_empty() {
        plan.seeds.clone_from(&args.seed);
    }
    if let Some(epochs) = args.epochs {
        for stage in &mut plan.stages {
            stage.epochs = Some(epochs);
            stage.steps = None;
        }
    }
}

fn engine_options(machine: &Machine, global: &Global) -> Vec<OsString> {
    let mut options = vec!["--device".into(), machine.device.clone().into()];
    if let Some(threads) = machine.threads {
        options.extend(["--threads".into(), threads.to_string().into()]);
    }
    if let Some(runs) = &machine.runs {
        options.extend(["--runs".into(), runs.clone().into()]);
    }
    if global.quiet {
        options.push("--quiet".into());
    }
    options
}
