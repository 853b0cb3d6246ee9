//! What can be typed. People use `kdc train` and `kdc eval`, which make the plan and call this.

use crate::bench;
use crate::console::Console;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::libtorch::{self, DeviceChoice};
use crate::report;
use crate::session::{Existing, Session};
use clap::{Args, Parser, Subcommand};
use kdc::plan::Plan;
use std::path::{Path, PathBuf};

/// The engine of kdc: trains and measures what a plan describes.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 2 wrong usage or an unreadable file, 3 the engine, device or plan does not fit,
4 training failed or diverged, 101 a bug, 130 interrupted.";

#[derive(Subcommand)]
enum Command {
    /// Train the plans' students, and first the teachers that are missing
    Train {
        #[command(flatten)]
        common: Common,
        /// Replace a finished run, and begin an interrupted one anew
        #[arg(long)]
        force: bool,
        /// Say in the end where the time went
        #[arg(long)]
        profile: bool,
    },
    /// Measure the students of a finished run on the test samples
    Eval {
        #[command(flatten)]
        common: Common,
    },
    /// Time the plan's training steps
    Bench {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        options: bench::Options,
    },
}

#[derive(Args)]
struct Common {
    /// The plan, as `kdc plan` prints it; for `train` also several, with `---` between
    plan: PathBuf,
    /// auto, cpu, cuda or cuda:1
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Threads on the CPU [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// The folder of all runs
    #[arg(long, default_value = "runs")]
    runs: PathBuf,
    /// Print errors only, and what `eval` measures
    #[arg(long, short)]
    quiet: bool,
}

pub fn main() -> Result<()> {
    let cli = Cli::parse();
    let (Command::Train { common, .. } | Command::Eval { common } | Command::Bench { common, .. }) =
        &cli.command;
    let plans = read(&common.plan)?;
    let console = Console {
        quiet: common.quiet,
    };
    let threads = common.threads.map(usize::from);
    let (device, remark) = libtorch::init(common.device, threads)?;
    if let Some(remark) = remark {
        console.say(&remark);
    }
    interrupt::install()?;
    let mut session = Session::new(device, common.runs.clone(), console);
    match cli.command {
        Command::Train { force, profile, .. } => {
            session.profile = profile;
            let existing = match force {
                true => Existing::Replace,
                false => Existing::Keep,
            };
            session.train_all(&plans, existing)
        }
        Command::Eval { .. } => plans
            .iter()
            .try_for_each(|plan| report::eval(&session, plan)),
        Command::Bench { options, .. } => {
            let figures = bench::figures(&session, &plans[0], &options)?;
            session.console.result(&figures);
            Ok(())
        }
    }
}

/// At least one.
fn read(path: &Path) -> Result<Vec<Plan>> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::Usage(format!("`{}` cannot be read: {e}", path.display())))?;
    Plan::all_from_yaml(&text)
        .map_err(|e| Failure::Engine(format!("`{}` is no plan: {e}", path.display())))
}
