//! The programs that are compared.

use super::figures::Figures;
use super::rival::Rival;
use super::{EXPERIMENTS, Length, Steps};
use crate::libtorch::Libtorch;
use crate::{build, example, python, say};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const RIVALS: &str = "benches/pytorch.py";
/// What the tutorial's program reads pictures with.
const TORCHVISION: &str = "torchvision==0.26.0";
/// What the larger pair's figures begin with.
const LARGE: &str = "large.";

/// What is measured in one process.
pub struct Program {
    threads: usize,
    name: &'static str,
    precision: &'static str,
    /// What its figures begin with.
    prefix: String,
    process: Process,
}

enum Process {
    Stays(Rival),
    /// Once a round.
    Runs(Command),
}

impl Program {
    pub fn run(&mut self, all: &mut Figures) -> Result<(), String> {
        let printed = match &mut self.process {
            Process::Stays(rival) => rival.round(),
            Process::Runs(command) => python::output(command),
        };
        all.read(
            self.threads,
            self.name,
            self.precision,
            &self.prefix,
            &printed?,
        )
    }

    pub fn title(&self) -> String {
        let Program {
            threads,
            name,
            precision,
            prefix,
            ..
        } = self;
        format!("{name} {prefix}{precision}, {threads} threads")
    }
}

pub struct Bench {
    root: PathBuf,
    python: PathBuf,
    binaries: PathBuf,
    pub length: Length,
    precisions: Vec<&'static str>,
}

impl Bench {
    pub fn new(
        libtorch: &Libtorch,
        length: Length,
        precisions: Vec<&'static str>,
    ) -> Result<Bench, String> {
        Ok(Bench {
            root: libtorch.root.clone(),
            python: python::with_torch(&libtorch.root, &[TORCHVISION])?,
            binaries: build::release(libtorch)?,
            length,
            precisions,
        })
    }

    /// Those of a round that compute with so many threads.
    pub fn programs(&self, threads: usize) -> Result<Vec<Program>, String> {
        let program = |name, prefix: &str, precision, process| Program {
            threads,
            name,
            precision,
            prefix: prefix.to_string(),
            process,
        };
        let Length { small, large, .. } = self.length;
        let tutorial = self.rival("tutorial", "f32", small, threads)?;
        let mut all = vec![program("tutorial", "", "f32", tutorial)];
        for &precision in &self.precisions {
            let tuned = self.rival("tuned", precision, small, threads)?;
            all.push(program("tuned", "", precision, tuned));
            let larger = self.rival("large", precision, large, threads)?;
            all.push(program("tuned", LARGE, precision, larger));
            for experiment in EXPERIMENTS {
                let file = format!("examples/{experiment}.kd");
                let kdc = self.kdc(&file, precision, small, threads)?;
                all.push(program("kdc", &format!("{experiment}."), precision, kdc));
            }
            let kdc = self.kdc("benches/resnet8x4.kd", precision, large, threads)?;
            all.push(program("kdc", LARGE, precision, kdc));
        }
        Ok(all)
    }

    fn rival(
        &self,
        way: &str,
        precision: &str,
        steps: Steps,
        threads: usize,
    ) -> Result<Process, String> {
        let mut command = Command::new(&self.python);
        command.args([RIVALS, way, "--rounds", "--precision", precision]);
        if !self.length.compile {
            command.arg("--no-compile");
        }
        say(&format!("{threads} threads: preparing {way} {precision}"));
        let command = command.args(steps.options(threads)).current_dir(&self.root);
        Rival::start(command).map(Process::Stays)
    }

    fn kdc(
        &self,
        file: &str,
        precision: &str,
        steps: Steps,
        threads: usize,
    ) -> Result<Process, String> {
        let plan = self.write_plan(&self.root.join(file), precision)?;
        let mut command = Command::new(self.binaries.join("kdc-torch"));
        command
            .args(["bench", "--device", "cpu", "--quiet"])
            .arg(plan);
        command.args(steps.options(threads)).current_dir(&self.root);
        Ok(Process::Runs(command))
    }

    /// The plan of an experiment, with its products in a precision.
    fn write_plan(&self, file: &Path, precision: &str) -> Result<PathBuf, String> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let written = |extension: &str, text: &str| {
            let path = self
                .binaries
                .join(format!("bench-{name}-{precision}.{extension}"));
            let failed = |e| format!("{}: {e}", path.display());
            fs::write(&path, text)
                .map(|()| path.clone())
                .map_err(failed)
        };
        let experiment = written("kd", &example::in_precision(file, precision)?)?;
        let text = fs::File::open(&experiment).map_err(|e| e.to_string())?;
        let mut kdc = Command::new(self.binaries.join("kdc"));
        // what it imports lies beside the example
        let folder = file.parent().unwrap_or(&self.root);
        kdc.args(["plan", "-"]).stdin(text).current_dir(folder);
        written("plan.yaml", &python::output(&mut kdc)?)
    }
}

impl Steps {
    fn options(self, threads: usize) -> [String; 4] {
        let Steps {
            warm_up,
            steps,
            pictures,
        } = self;
        [
            format!("--warm-up={warm_up}"),
            format!("--steps={steps}"),
            format!("--pictures={pictures}"),
            format!("--threads={threads}"),
        ]
    }
}
