//! `kdc train` and `kdc eval`: make the plan as asked, then leave it to the engine.

use super::args::{Eval, Global, Machine, Train};
use super::exit::Exit;
use super::{check, engine, output};
use crate::plan::Plan;
use std::ffi::OsString;
use std::path::PathBuf;

pub fn train(args: &Train, global: &Global) -> Exit {
    let mut plans = Vec::new();
    for file in &args.files {
        let mut plan = match check::plan(file, &args.machine.rounding, global) {
            Ok(plan) => plan,
            Err(exit) => return exit,
        };
        change(&mut plan, args);
        plans.push(plan);
    }
    if let Some(message) = one_folder(&args.files, &plans) {
        output::complain(&message);
        return Exit::Usage;
    }
    let mut options = engine_options(&args.machine, global);
    if args.profile {
        options.push("--profile".into());
    }
    if args.force {
        options.push("--force".into());
    }
    engine::run("train", &plans, &options)
}

/// What is wrong where two files of one name would write the same results.
fn one_folder(files: &[PathBuf], plans: &[Plan]) -> Option<String> {
    let mut named = files.iter().zip(plans).enumerate();
    named.find_map(|(place, (file, plan))| {
        let before = plans[..place].iter();
        let mut before = before.zip(files);
        let (_, other) = before.find(|(other, _)| other.experiment == plan.experiment)?;
        Some(format!(
            "`{}` and `{}` would both write the results of `{}`\ntrain them one after the other, with \
             another `--runs` for one of them",
            other.display(),
            file.display(),
            plan.experiment
        ))
    })
}

pub fn eval(args: &Eval, global: &Global) -> Exit {
    match check::plan(&args.file, &args.machine.rounding, global) {
        Ok(plan) => engine::run("eval", &[plan], &engine_options(&args.machine, global)),
        Err(exit) => exit,
    }
}

/// Settings of the command line become the plan's: it alone says what is trained. Teachers that are
/// trained first stay as their own files have them.
fn change(plan: &mut Plan, args: &Train) {
    if !args.seed.is_empty() {
        plan.seeds.clone_from(&args.seed);
    }
    if let Some(count) = args.seeds {
        let first = plan.seeds.first().copied().unwrap_or_default();
        plan.seeds = (first..first.saturating_add(count)).collect();
    }
    if let Some(epochs) = args.epochs {
        for stage in &mut plan.stages {
            stage.epochs = Some(epochs);
            stage.steps = None;
        }
    }
    plan.decide_caches(args.cache);
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
