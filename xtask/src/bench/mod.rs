//! Compares kdc with PyTorch programs for the same experiments, and records what it finds.

mod figures;
mod report;

use crate::build;
use crate::libtorch::Libtorch;
use crate::{python, say};
use figures::Figures;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

const REPORT: &str = "docs/performance.md";
const RIVALS: &str = "benches/pytorch.py";
/// What the tutorial's program reads pictures with.
const TORCHVISION: &str = "torchvision==0.26.0";
const EXPERIMENTS: [&str; 3] = ["kd", "cosine", "hint"];
const PRECISIONS: [&str; 2] = ["f32", "bf16"];
/// All programs run once a round, one after the other, so that a busy minute slows all of them.
const ROUNDS: usize = 5;

/// How long each program runs.
struct Length {
    rounds: usize,
    steps: usize,
    pictures: usize,
    /// Whether PyTorch may compile, which takes minutes the first time.
    compile: bool,
}

pub fn run(libtorch: &Libtorch, args: &[std::ffi::OsString]) -> Result<ExitCode, String> {
    let length = match args {
        [] => Length {
            rounds: ROUNDS,
            steps: 6,
            pictures: 1024,
            compile: true,
        },
        // to see that all programs run: its figures mean nothing, and are not kept
        [word] if word == "--try" => Length {
            rounds: 1,
            steps: 1,
            pictures: 256,
            compile: false,
        },
        _ => return Err("`bench` takes nothing, or `--try`".to_string()),
    };
    let programs = Programs::new(libtorch, &length)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, cores];
    threads.dedup();
    let mut all = Figures::default();
    let start = Instant::now();
    for round in 1..=length.rounds {
        for &threads in &threads {
            say(&format!(
                "round {round} of {}, {threads} threads, {} s so far",
                length.rounds,
                start.elapsed().as_secs()
            ));
            programs.round(threads, &mut all)?;
        }
    }
    let report = report::report(&all, &threads, length.rounds);
    print!("{report}");
    if args.is_empty() {
        fs::write(libtorch.root.join(REPORT), report).map_err(|e| format!("{REPORT}: {e}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

struct Programs {
    root: PathBuf,
    python: PathBuf,
    engine: PathBuf,
    /// Each with what its figures are called before the full stop, and its precision.
    plans: Vec<(String, &'static str, PathBuf)>,
    /// What all take.
    options: Vec<String>,
    compile: bool,
}

impl Programs {
    fn new(libtorch: &Libtorch, length: &Length) -> Result<Programs, String> {
        let binaries = build::release(libtorch)?;
        let root = libtorch.root.clone();
        let mut plans = Vec::new();
        for precision in PRECISIONS {
            for experiment in EXPERIMENTS {
                let file = root.join("examples").join(experiment).with_extension("kd");
                let plan = write_plan(&file, precision, &binaries)?;
                plans.push((experiment.to_string(), precision, plan));
            }
            let plan = write_plan(&root.join("benches/resnet8x4.kd"), precision, &binaries)?;
            plans.push(("large".to_string(), precision, plan));
        }
        let options = [("--steps", length.steps), ("--pictures", length.pictures)];
        let options = options.map(|(name, value)| [name.to_string(), value.to_string()]);
        Ok(Programs {
            python: python::with_torch(&root, &[TORCHVISION])?,
            engine: binaries.join("kdc-torch"),
            plans,
            options: options.concat(),
            compile: length.compile,
            root,
        })
    }

    /// Runs each program once.
    fn round(&self, threads: usize, all: &mut Figures) -> Result<(), String> {
        let mut add = |program: &str, precision, prefix: &str, printed: &str| {
            all.read(threads, program, precision, prefix, printed)
        };
        add(
            "tutorial",
            "f32",
            "",
            &self.rival("tutorial", "f32", threads)?,
        )?;
        for precision in PRECISIONS {
            for way in ["tuned", "large"] {
                add(
                    "tuned",
                    precision,
                    "",
                    &self.rival(way, precision, threads)?,
                )?;
            }
        }
        for (name, precision, plan) in &self.plans {
            let printed = self.kdc(plan, threads)?;
            add("kdc", precision, &format!("{name}."), &printed)?;
        }
        Ok(())
    }

    fn rival(&self, way: &str, precision: &str, threads: usize) -> Result<String, String> {
        let mut command = Command::new(&self.python);
        command.args([RIVALS, way, "--precision", precision]);
        if !self.compile {
            command.arg("--no-compile");
        }
        self.output(command, threads)
    }

    fn kdc(&self, plan: &Path, threads: usize) -> Result<String, String> {
        let mut command = Command::new(&self.engine);
        command.arg("bench").arg(plan);
        command.args(["--device", "cpu", "--quiet", "--warm-up", "3"]);
        self.output(command, threads)
    }

    fn output(&self, mut command: Command, threads: usize) -> Result<String, String> {
        command.args(&self.options).current_dir(&self.root);
        python::output(command.args(["--threads", &threads.to_string()]))
    }
}

/// The plan of an experiment, with its products in a precision.
fn write_plan(file: &Path, precision: &str, binaries: &Path) -> Result<PathBuf, String> {
    let unreadable = |e| format!("{}: {e}", file.display());
    let text = fs::read_to_string(file).map_err(unreadable)?;
    let text = text.replace("{ epochs:", &format!("{{ precision: {precision}, epochs:"));
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let path = binaries.join(format!("bench-{name}-{precision}.plan.yaml"));
    // what it imports stands beside it
    let experiment = file.with_file_name(format!("{name}-{precision}.bench.kd"));
    let written = fs::write(&experiment, text).map_err(|e| e.to_string());
    let mut kdc = Command::new(binaries.join("kdc"));
    let plan = python::output(kdc.arg("plan").arg(&experiment).stdin(Stdio::null()));
    let _ = fs::remove_file(&experiment);
    written.and(plan).and_then(|plan| {
        fs::write(&path, plan).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    })
}
