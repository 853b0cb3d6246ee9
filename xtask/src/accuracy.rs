//! Holds the accuracy of kdc's students against that of the same students in PyTorch, and records it.

use crate::libtorch::Libtorch;
use crate::processor::Processor;
use crate::{build, example, python, say};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{fs, iter, thread};

const DATA: &str = "data/cifar-10-batches-bin";
const EXPERIMENTS: [&str; 3] = ["cosine", "kd", "hint"];
const SEEDS: [u64; 5] = [42, 43, 44, 45, 46];
/// Student's t with one degree of freedom less than there are seeds: what chance exceeds, on both sides together, in one
/// of 20 cases and in one of 100.
const T: [f64; 2] = [2.776, 4.604];
/// Fewer than the example's: the students of both sides learn from the same teacher, and ten epochs of it take most of
/// an hour.
const TEACHER_EPOCHS: usize = 2;

/// What was measured of an experiment: an accuracy for each seed.
struct Measured {
    experiment: &'static str,
    pytorch: Vec<f64>,
    /// One for each precision.
    kdc: Vec<Vec<f64>>,
}

pub fn run(libtorch: &Libtorch) -> Result<ExitCode, String> {
    let root = &libtorch.root;
    if !root.join(DATA).is_dir() {
        return Err(format!(
            "`accuracy` needs CIFAR-10's binary version in `{DATA}`"
        ));
    }
    let python = python::with_torch(root, &[])?;
    let folder = &Folder::new(root, &build::release(libtorch)?)?;
    let processor = Processor::here();
    let precisions = processor.precisions();
    let path = processor.report("accuracy");
    let teacher = folder.teacher(precisions[precisions.len() - 1])?;
    let mut all = Vec::new();
    for experiment in EXPERIMENTS {
        // side by side, with one thread each
        let (kdc, pytorch) = thread::scope(|scope| {
            let students = |&precision| scope.spawn(move || folder.students(experiment, precision));
            let kdc: Vec<_> = precisions.iter().map(students).collect();
            let pytorch = in_pytorch(root, &python, experiment, &teacher);
            let joined = kdc
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"));
            (joined.collect::<Result<Vec<_>, _>>(), pytorch)
        });
        let (kdc, pytorch) = (kdc?, pytorch?);
        all.push(Measured {
            experiment,
            pytorch,
            kdc,
        });
        // it takes an hour or two: what there is counts if the rest is not waited for
        let text = report(&all, &precisions);
        fs::write(root.join(&path), &text).map_err(|e| format!("{path}: {e}"))?;
        print!("{text}");
    }
    Ok(ExitCode::SUCCESS)
}

/// `target/accuracy`: the examples in both precisions, their runs, and the programs, which a build in the meantime
/// would change.
struct Folder<'r> {
    root: &'r Path,
    path: PathBuf,
}

impl Folder<'_> {
    fn new<'r>(root: &'r Path, binaries: &Path) -> Result<Folder<'r>, String> {
        let folder = Folder {
            root,
            path: root.join("target/accuracy"),
        };
        fs::create_dir_all(&folder.path).map_err(|e| format!("{}: {e}", folder.path.display()))?;
        for program in ["kdc", "kdc-torch"] {
            let to = folder.path.join(program);
            fs::copy(binaries.join(program), &to).map_err(|e| format!("{}: {e}", to.display()))?;
        }
        let data = folder.path.join("cifar10.kd");
        fs::copy(folder.example("cifar10"), &data)
            .map_err(|e| format!("{}: {e}", data.display()))?;
        Ok(folder)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.path.join(name).with_extension("kd");
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }

    fn example(&self, name: &str) -> PathBuf {
        self.root.join("examples").join(name).with_extension("kd")
    }

    /// Trains the teacher of all; its weights.
    fn teacher(&self, precision: &str) -> Result<PathBuf, String> {
        let settings = format!("epochs: {TEACHER_EPOCHS}\n    precision: {precision}\n");
        let text = example::changed(&self.example("teacher"), "epochs:    10\n", &settings)?;
        let file = self.write("teacher", &text)?;
        say(&format!("the teacher, {TEACHER_EPOCHS} epochs"));
        self.train(&file, &[])?;
        Ok(self.runs().join("teacher/student.safetensors"))
    }

    /// Trains the students; the accuracy of each.
    fn students(&self, experiment: &str, precision: &str) -> Result<Vec<f64>, String> {
        let name = format!("{experiment}-{precision}");
        let text = example::in_precision(&self.example(experiment), precision)?;
        let file = self.write(&name, &text)?;
        say(&format!("{experiment} in kdc, {precision}"));
        self.train(&file, &["--threads", "1", "--seed", &seeds()])?;
        let of_seed = |seed| {
            let record = self
                .runs()
                .join(&name)
                .join(format!("seed-{seed}/run.yaml"));
            let text = fs::read_to_string(&record).map_err(|e| e.to_string());
            text.and_then(|text| of_record(&text))
                .map_err(|e| format!("{}: {e}", record.display()))
        };
        SEEDS.into_iter().map(of_seed).collect()
    }

    fn train(&self, file: &Path, options: &[&str]) -> Result<(), String> {
        let mut kdc = Command::new(self.path.join("kdc"));
        kdc.args(["train", "--device", "cpu", "--quiet", "--force"]);
        kdc.arg(file).arg("--runs").arg(self.runs()).args(options);
        python::output(kdc.current_dir(self.root)).map(drop)
    }

    fn runs(&self) -> PathBuf {
        self.path.join("runs")
    }
}

fn in_pytorch(
    root: &Path,
    python: &Path,
    experiment: &str,
    teacher: &Path,
) -> Result<Vec<f64>, String> {
    say(&format!("{experiment} in PyTorch"));
    let mut program = Command::new(python);
    program.args([
        "benches/accuracy.py",
        experiment,
        "--seeds",
        &seeds(),
        "--teacher",
    ]);
    of_lines(&python::output(program.arg(teacher).current_dir(root))?)
}

fn seeds() -> String {
    SEEDS.map(|seed| seed.to_string()).join(",")
}

/// The student's, in a `run.yaml`.
fn of_record(text: &str) -> Result<f64, String> {
    let measured = text.split_once("test_accuracy:").unwrap_or_default().1;
    let student = measured
        .lines()
        .find_map(|line| line.trim().strip_prefix("light: "));
    let number = student.and_then(|number| number.parse().ok());
    number.ok_or_else(|| "it has no accuracy of `light`".to_string())
}

/// Lines of a seed and its accuracy.
fn of_lines(printed: &str) -> Result<Vec<f64>, String> {
    let of_seed = |(line, seed): (&str, u64)| {
        let number = line.strip_prefix(&format!("{seed} "))?;
        number.parse().ok()
    };
    let found: Option<Vec<f64>> = printed.lines().zip(SEEDS).map(of_seed).collect();
    found
        .filter(|found| found.len() == SEEDS.len())
        .ok_or_else(|| format!("PyTorch printed `{printed}`"))
}

fn report(all: &[Measured], precisions: &[&str]) -> String {
    let [often, rarely] = T;
    let count = SEEDS.len();
    let mut lines = vec![
        "# Accuracy".to_string(),
        String::new(),
        format!(
            "kdc's students beside the same students in PyTorch 2.11, on the CPU: {}. 10 epochs on CIFAR-10 ([which \
             copy](results.md)), seeds {}; test accuracy in per cent. Written by `cargo xtask accuracy`. \
             `benches/accuracy.py` is the program in PyTorch, in f32. The teacher is one for all: `teacher.kd`, trained by \
             kdc for {TEACHER_EPOCHS} epochs in {}.",
            Processor::here().title(),
            seeds().replace(',', ", "),
            precisions[precisions.len() - 1]
        ),
        String::new(),
        format!(
            "Mean and standard deviation over the {count} seeds; then the mean of the {count} differences, kdc less PyTorch, \
             with its standard error, and their ratio t. Were there no difference, t would be beyond ±{often} in one of 20 \
             comparisons and beyond ±{rarely} in one of 100 (Student's t, {} degrees of freedom). A seed draws other numbers \
             in kdc than in PyTorch: what a pair has in common is its teacher and its data.",
            count - 1
        ),
        String::new(),
        "| experiment | precision of kdc | kdc | PyTorch | difference | t |".to_string(),
        "|---|---|---|---|---|---|".to_string(),
    ];
    for measured in all {
        let Measured {
            experiment,
            pytorch,
            ..
        } = measured;
        for (precision, kdc) in iter::zip(precisions, &measured.kdc) {
            let differences: Vec<f64> = iter::zip(kdc, pytorch).map(|(a, b)| a - b).collect();
            let (difference, deviation) = mean_and_deviation(&differences);
            let error = deviation / (count as f64).sqrt();
            lines.push(format!(
                "| {experiment} | {precision} | {} | {} | {:+.2} ± {:.2} | {:+.2} |",
                spread(kdc),
                spread(pytorch),
                100.0 * difference,
                100.0 * error,
                difference / error
            ));
        }
    }
    let kdc: String = precisions.iter().map(|p| format!(" kdc, {p} |")).collect();
    let rule = "---|".repeat(precisions.len());
    lines.extend([
        String::new(),
        "Each seed:".to_string(),
        String::new(),
        format!("| experiment |{kdc} PyTorch |"),
        format!("|---|{rule}---|"),
    ]);
    for measured in all {
        let each = measured
            .kdc
            .iter()
            .chain([&measured.pytorch])
            .map(|values| {
                let values: Vec<String> =
                    values.iter().map(|a| format!("{:.2}", 100.0 * a)).collect();
                values.join(", ")
            });
        let each: Vec<String> = each.collect();
        lines.push(format!(
            "| {} | {} |",
            measured.experiment,
            each.join(" | ")
        ));
    }
    lines.join("\n") + "\n"
}

fn spread(accuracies: &[f64]) -> String {
    let (mean, deviation) = mean_and_deviation(accuracies);
    format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation)
}

/// The deviation is that of a sample.
fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_is_the_mean_difference_in_standard_errors() {
        let kdc = vec![0.70, 0.71, 0.72, 0.69, 0.73];
        let measured = Measured {
            experiment: "kd",
            pytorch: vec![0.69, 0.69, 0.72, 0.70, 0.70],
            kdc: vec![kdc.clone(), kdc],
        };
        // differences of 1, 2, 0, -1 and 3: their mean is 1, their deviation √2.5, its error √0.5
        assert!(
            report(&[measured], &["f32", "bf16"])
                .contains("| kd | f32 | 71.00 ± 1.58 | 70.00 ± 1.22 | +1.00 ± 0.71 | +1.41 |")
        );
    }

    #[test]
    fn accuracies_are_read_from_what_both_leave_behind() {
        let record = "results:\n  losses:\n    light: 3.5\n  test_accuracy:\n    deep: 0.6\n    light: 0.7\n";
        assert_eq!(of_record(record), Ok(0.7));
        assert!(of_record("results:\n").is_err());
        let printed = "42 0.1\n43 0.2\n44 0.3\n45 0.4\n46 0.5\n";
        assert_eq!(of_lines(printed), Ok(vec![0.1, 0.2, 0.3, 0.4, 0.5]));
        assert!(of_lines("42 0.1\n").is_err());
    }
}
