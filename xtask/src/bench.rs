//! Compares the training step of `kd.kd` with the same step in PyTorch, and records what it finds.

use crate::build;
use crate::libtorch::Libtorch;
use crate::{python, say};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const EXPERIMENT: &str = "examples/kd.kd";
const RIVAL: &str = "benches/pytorch_kd_step.py";
const REPORT: &str = "docs/performance.md";
/// All programs run once a round, one after the other, so that a busy minute slows all of them.
const ROUNDS: usize = 5;
const STEPS: [&str; 4] = ["--warm-up", "5", "--steps", "30"];

/// What each program reached in each round, in images a second.
struct Speeds {
    threads: usize,
    pytorch: Vec<f64>,
    /// kdc, which computes the teacher's answers in each step, as the rival does.
    each_step: Vec<f64>,
    /// kdc as it trains: with answers that it computed before the first epoch.
    once: Vec<f64>,
}

struct Programs {
    root: PathBuf,
    python: PathBuf,
    engine: PathBuf,
    plan: PathBuf,
}

pub fn run(libtorch: &Libtorch) -> Result<ExitCode, String> {
    let binaries = build::release(libtorch)?;
    let programs = Programs {
        python: python::with_torch(&libtorch.root, &[])?,
        engine: binaries.join("kdc-torch"),
        plan: write_plan(&libtorch.root, &binaries)?,
        root: libtorch.root.clone(),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut threads = vec![1, cores];
    threads.dedup();
    let mut all = Vec::new();
    for threads in threads {
        all.push(programs.measure(threads)?);
    }
    let report = report(&all);
    print!("{report}");
    fs::write(libtorch.root.join(REPORT), report).map_err(|e| format!("{REPORT}: {e}"))?;
    Ok(ExitCode::SUCCESS)
}

fn write_plan(root: &Path, binaries: &Path) -> Result<PathBuf, String> {
    let mut kdc = Command::new(binaries.join("kdc"));
    let plan = python::output(kdc.args(["plan", EXPERIMENT]).current_dir(root))?;
    let path = binaries.join("bench.plan.yaml");
    fs::write(&path, plan).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(path)
}

impl Programs {
    fn measure(&self, threads: usize) -> Result<Speeds, String> {
        let mut speeds = Speeds {
            threads,
            pytorch: Vec::new(),
            each_step: Vec::new(),
            once: Vec::new(),
        };
        for round in 1..=ROUNDS {
            let pytorch = speed(self.pytorch(threads))?;
            let each_step = speed(self.kdc(threads, "each-step"))?;
            let once = speed(self.kdc(threads, "once"))?;
            say(&format!(
                "threads {threads}, round {round} of {ROUNDS}: PyTorch {pytorch:.0} images/s, \
                 kdc {each_step:.0}, with the teacher's answers kept {once:.0}"
            ));
            speeds.pytorch.push(pytorch);
            speeds.each_step.push(each_step);
            speeds.once.push(once);
        }
        Ok(speeds)
    }

    fn pytorch(&self, threads: usize) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(RIVAL).args(["--threads", &threads.to_string()]);
        command.args(STEPS).current_dir(&self.root);
        command
    }

    fn kdc(&self, threads: usize, teachers: &str) -> Command {
        let mut command = Command::new(&self.engine);
        command.arg("bench").arg(&self.plan);
        command.args(["--device", "cpu", "--threads", &threads.to_string()]);
        command.args(["--quiet", "--teachers", teachers]);
        command.args(STEPS).current_dir(&self.root);
        command
    }
}

/// Runs a program that prints `{"images_per_second": 1234.5}`.
fn speed(mut command: Command) -> Result<f64, String> {
    let printed = python::output(&mut command)?;
    printed
        .trim()
        .strip_prefix("{\"images_per_second\": ")
        .and_then(|rest| rest.strip_suffix('}')?.parse().ok())
        .ok_or_else(|| format!("{command:?} printed `{}`", printed.trim()))
}

fn report(all: &[Speeds]) -> String {
    let mut text = format!(
        "# Performance\n\n\
         A training step of `{EXPERIMENT}` beside the same step in eager PyTorch 2.11, `{RIVAL}`: batch 128, \
         DeepNN teaches LightNN, Adam, on the CPU. Images a second: the median of {ROUNDS} rounds, and the \
         lowest and highest. In a round all programs run once, one after the other.\n\n\
         Processor: {}. Written by `cargo xtask bench`.\n\n\
         | threads | program | images/s | lowest to highest | to PyTorch |\n|---|---|---|---|---|\n",
        processor()
    );
    for speeds in all {
        let rival = median(&speeds.pytorch);
        let rows = [
            ("PyTorch", &speeds.pytorch),
            ("kdc, teacher in each step", &speeds.each_step),
            ("kdc, teacher's answers kept", &speeds.once),
        ];
        for (name, values) in rows {
            let (middle, (low, high)) = (median(values), extremes(values));
            let (threads, ratio) = (speeds.threads, middle / rival);
            writeln!(
                text,
                "| {threads} | {name} | {middle:.0} | {low:.0} to {high:.0} | {ratio:.2} |"
            )
            .expect("writing to a string");
        }
    }
    text.push_str(
        "\nThe second row of each group does what the first does: the teacher runs in each step. The third is \
         how kdc trains where images are not changed at random: the teacher has answered for each image \
         once, before the first epoch, which takes a pass over the images and is not part of the figure.\n",
    );
    text
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn extremes(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    (low, values.iter().copied().fold(0.0, f64::max))
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name"));
    name.and_then(|line| line.split(": ").nth(1))
        .unwrap_or(std::env::consts::ARCH)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_with_a_number_or_an_error() {
        let print = |text: &str| {
            let mut command = Command::new("echo");
            command.arg(text);
            speed(command)
        };
        assert_eq!(print("{\"images_per_second\": 12.5}"), Ok(12.5));
        assert!(print("12.5").is_err());
    }

    #[test]
    fn the_ratio_is_that_of_the_medians() {
        let speeds = Speeds {
            threads: 1,
            pytorch: vec![100.0, 1.0, 90.0],
            each_step: vec![180.0, 500.0, 2.0],
            once: vec![900.0, 900.0, 900.0],
        };
        let report = report(&[speeds]);
        assert!(report.contains("| 1 | kdc, teacher in each step | 180 | 2 to 500 | 2.00 |"));
        assert!(report.contains("| 1 | kdc, teacher's answers kept | 900 | 900 to 900 | 10.00 |"));
    }
}
