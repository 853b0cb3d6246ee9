//! Compares kdc with PyTorch programs for the same experiments, and records what it finds.

mod figures;
mod programs;
mod report;
mod rival;

use crate::libtorch::Libtorch;
use crate::processor::Processor;
use crate::say;
use figures::Figures;
use programs::Bench;
use std::ffi::OsString;
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

const EXPERIMENTS: [&str; 3] = ["kd", "cosine", "hint"];
/// All programs run once a round, one after the other, so that a busy minute slows all of them.
const ROUNDS: usize = 5;

/// How long each program runs.
struct Length {
    rounds: usize,
    small: Steps,
    /// The larger pair, whose teacher takes eleven times as long.
    large: Steps,
    /// Whether PyTorch may compile, which takes minutes the first time.
    compile: bool,
}

#[derive(Clone, Copy)]
struct Steps {
    warm_up: usize,
    steps: usize,
    pictures: usize,
}

const FULL: Length = Length {
    rounds: ROUNDS,
    small: Steps {
        warm_up: 2,
        steps: 6,
        pictures: 1024,
    },
    large: Steps {
        warm_up: 1,
        steps: 2,
        pictures: 512,
    },
    compile: true,
};

/// To see that all programs run: its figures mean nothing, and are not kept.
const TRIAL: Length = {
    const STEPS: Steps = Steps {
        warm_up: 1,
        steps: 1,
        pictures: 256,
    };
    Length {
        rounds: 1,
        small: STEPS,
        large: STEPS,
        compile: false,
    }
};

pub fn run(libtorch: &Libtorch, args: &[OsString]) -> Result<ExitCode, String> {
    let length = match args {
        [] => FULL,
        [word] if word == "--try" => TRIAL,
        _ => return Err("`bench` takes nothing, or `--try`".to_string()),
    };
    let start = Instant::now();
    let processor = Processor::here();
    let bench = Bench::new(libtorch, length, processor.precisions())?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, cores];
    threads.dedup();
    let groups = threads.iter().map(|&threads| bench.programs(threads));
    let mut groups = groups.collect::<Result<Vec<_>, _>>()?;
    let mut all = Figures::default();
    let rounds = bench.length.rounds;
    for round in 1..=rounds {
        for program in groups.iter_mut().flatten() {
            program.run(&mut all)?;
            say(&format!(
                "{} s: round {round} of {rounds}, {}",
                start.elapsed().as_secs(),
                program.title()
            ));
        }
    }
    let report = report::report(&all, &threads, rounds, &processor);
    print!("{report}");
    if args.is_empty() {
        let path = processor.report("performance");
        fs::write(libtorch.root.join(&path), report).map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
