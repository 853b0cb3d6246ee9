//! What the figures say, as a page of `docs/`.

use super::EXPERIMENTS;
use super::figures::Figures;
use crate::processor::Processor;
use std::fmt::Write as _;

/// CIFAR-10's training samples, and the tutorial's epochs.
const SAMPLES: f64 = 50_000.0;
const EPOCHS: f64 = 10.0;
/// Of the larger pair.
const LARGE_EPOCHS: f64 = 240.0;
const VIEWS: f64 = 162.0;

/// How an experiment can be run.
struct Way {
    title: &'static str,
    program: &'static str,
    /// The step's figure, and that of the pass before the first epoch, if there is one.
    step: &'static str,
    pass: Option<&'static str>,
}

const WAYS: [Way; 4] = [
    Way {
        title: "the tutorial's program",
        program: "tutorial",
        step: "step",
        pass: None,
    },
    Way {
        title: "PyTorch, tuned",
        program: "tuned",
        step: "step",
        pass: None,
    },
    Way {
        title: "PyTorch, tuned, with a cache made by hand",
        program: "tuned",
        step: "kept",
        pass: Some("teacher"),
    },
    Way {
        title: "kdc",
        program: "kdc",
        step: "step",
        pass: Some("teacher"),
    },
];

struct Writer<'f> {
    figures: &'f Figures,
    threads: &'f [usize],
    precisions: &'f [&'static str],
    text: String,
}

pub fn report(
    figures: &Figures,
    threads: &[usize],
    rounds: usize,
    processor: &Processor,
) -> String {
    let precisions = processor.precisions();
    let mut writer = Writer {
        figures,
        threads,
        precisions: &precisions,
        text: format!(
            "# Performance\n\n\
             kdc beside PyTorch 2.11 on the CPU: {}. Written by `cargo xtask bench`, which runs all programs one after \
             the other, in {rounds} rounds; figures are medians. `benches/pytorch.py` has the rivals and says what each \
             does; [speed.md](speed.md) says what kdc does.\n\n",
            processor.title()
        ),
    };
    writer.wholes();
    writer.steps();
    writer.teacher();
    writer.bounds();
    writer.large();
    writer.memory();
    writer.text
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Seconds of a whole experiment.
    fn whole(&self, way: &Way, threads: usize, precision: &str, experiment: &str) -> f64 {
        let median = self.figures.of(way.program, threads, precision, experiment);
        let pass = way.pass.map_or(0.0, |pass| SAMPLES / median(pass));
        pass + EPOCHS * SAMPLES / median(way.step)
    }

    /// The names of a table's first columns, and those that it has for each precision.
    fn head(&mut self, first: &[&str], each: impl Fn(&str) -> String) {
        let first = first.iter().map(ToString::to_string);
        let each = self.precisions.iter().map(|precision| each(precision));
        let names = first.chain(each).collect::<Vec<_>>().join(" | ");
        let rule = "---|".repeat(names.split('|').count());
        self.line(&format!("| {names} |\n|{rule}"));
    }

    fn wholes(&mut self) {
        self.line("## Whole experiments\n");
        self.line(
            "Seconds for 10 epochs on 50,000 pictures, computed from the speeds of steps and of the pass in which the \
             teacher answers once; behind each, how many times as long as kdc that is. Reading data, measuring and \
             torch.compile's own time are not in it.\n",
        );
        self.head(&["threads", "experiment", "program"], |precision| {
            format!("{precision} | to kdc")
        });
        for &threads in self.threads {
            for experiment in EXPERIMENTS {
                for way in &WAYS {
                    let cells = self.precisions.iter().map(|&precision| {
                        // the tutorial knows no bf16; kdc's is compared with what it takes
                        let own = if way.program == "tutorial" {
                            "f32"
                        } else {
                            precision
                        };
                        let seconds = self.whole(way, threads, own, experiment);
                        let ours = self.whole(&WAYS[3], threads, precision, experiment);
                        cell(seconds, seconds / ours)
                    });
                    let title = way.title;
                    let cells = cells.collect::<Vec<_>>().join(" | ");
                    self.line(&format!("| {threads} | {experiment} | {title} | {cells} |"));
                }
            }
        }
    }

    fn steps(&mut self) {
        self.line("\n## Steps of the student\n");
        self.line(
            "Pictures a second where the teacher's answers are there, with the lowest and the highest; eager is the \
             tutorial's step without its data and teacher.\n",
        );
        self.head(&["threads", "experiment", "eager, f32"], |precision| {
            format!("PyTorch, tuned, {precision} | kdc, {precision} | to eager")
        });
        for &threads in self.threads {
            for experiment in EXPERIMENTS {
                let eager = self.figures.of("tutorial", threads, "f32", experiment)("student");
                let each = self.precisions.iter().map(|&precision| {
                    let spread = |program, figure| {
                        let name = format!("{experiment}.{figure}");
                        self.figures.spread(threads, program, precision, &name)
                    };
                    let ours = self.figures.of("kdc", threads, precision, experiment)("step");
                    let (tuned, kdc) = (spread("tuned", "kept"), spread("kdc", "step"));
                    format!("{tuned} | {kdc} | {:.2}", ours / eager)
                });
                let each = each.collect::<Vec<_>>().join(" | ");
                self.line(&format!(
                    "| {threads} | {experiment} | {eager:.0} | {each} |"
                ));
            }
        }
    }

    fn teacher(&mut self) {
        self.line("\n## The teacher's pass\n");
        self.line(
            "Thousands of millions of multiply-adds a second, of the whole pass with its data, beside what the teacher's \
             second convolution reaches alone in PyTorch. In f32 kdc needs a quarter of the multiplications for most of them: \
             what is counted is what PyTorch's convolution takes.\n",
        );
        self.line("| threads | precision | kd | cosine | hint | the convolution alone |");
        self.line("|---|---|---|---|---|---|");
        for &threads in self.threads {
            for &precision in self.precisions {
                let passes = EXPERIMENTS.map(|experiment| {
                    let median = self.figures.of("kdc", threads, precision, experiment);
                    let speed = median("teacher") * median("teacher_multiply_adds");
                    format!("{:.1}", speed / 1e9)
                });
                let ceiling = self.figures.median(threads, "tuned", precision, "ceiling") / 1e9;
                let passes = passes.join(" | ");
                self.line(&format!(
                    "| {threads} | {precision} | {passes} | {ceiling:.1} |"
                ));
            }
        }
    }

    fn bounds(&mut self) {
        self.line("\n## What bounds it\n");
        self.line(
            "Seconds of kdc's whole experiments, apart: the teacher's pass and ten epochs of steps. The last column has the \
             multiply-adds of the steps, forward and backward, beside what the teacher's second convolution would do in the \
             same time in PyTorch. In the pass, Winograd's products are at the speed of a matrix product, and its transforms, \
             the first convolution and its relu move memory. In the steps, the convolutions with their pooling, which skip \
             what pooling does not pass back, take most, then products of matrices, which are MKL's; what is left, \
             dropout, losses, Adam and the calls of operations, moves memory, which bf16 makes little shorter.\n",
        );
        self.line(
            "| threads | precision | experiment | pass | steps | multiply-adds of the steps |",
        );
        self.line("|---|---|---|---|---|---|");
        for &threads in self.threads {
            for &precision in self.precisions {
                let ceiling = self.figures.median(threads, "tuned", precision, "ceiling");
                for experiment in EXPERIMENTS {
                    let median = self.figures.of("kdc", threads, precision, experiment);
                    let (pass, step) = (SAMPLES / median("teacher"), median("step"));
                    // backward has two products for each of forward's
                    let used = 3.0 * step * median("student_multiply_adds") / ceiling;
                    let (steps, used) = (EPOCHS * SAMPLES / step, 100.0 * used);
                    self.line(&format!(
                        "| {threads} | {precision} | {experiment} | {pass:.0} | {steps:.0} | {used:.0} % |"
                    ));
                }
            }
        }
    }

    fn large(&mut self) {
        // of so many epochs' views, how many are new
        let distinct = VIEWS * (1.0 - (1.0 - 1.0 / VIEWS).powf(LARGE_EPOCHS));
        let new = distinct / LARGE_EPOCHS;
        self.line("\n## A larger pair\n");
        self.line(&format!(
            "resnet32x4 teaches resnet8x4 with soft targets; pictures are cropped and flipped, `benches/resnet8x4.kd`. \
             Pictures a second: in the first epoch all views are new; later one is when it comes up first, which over \
             {LARGE_EPOCHS:.0} epochs is {:.0} % of the time. The mean over them is computed from that and the two speeds \
             before it.\n",
            100.0 * new
        ));
        self.line("| threads | precision | PyTorch, tuned | kdc, first epoch | kdc, views that are known | kdc, mean of all epochs | to PyTorch |");
        self.line("|---|---|---|---|---|---|---|");
        for &threads in self.threads {
            for &precision in self.precisions {
                let median =
                    |program, figure| self.figures.median(threads, program, precision, figure);
                let rival = median("tuned", "large.step");
                let (first, known) = (
                    median("kdc", "large.each_step"),
                    median("kdc", "large.step"),
                );
                let mean = 1.0 / (new / first + (1.0 - new) / known);
                self.line(&format!(
                    "| {threads} | {precision} | {rival:.0} | {first:.0} | {known:.0} | {mean:.0} | {:.2} |",
                    mean / rival
                ));
            }
        }
    }

    fn memory(&mut self) {
        self.line("\n## Memory\n");
        self.line("The most that a process held, in MB; all have as many pictures.\n");
        self.line("| threads | the tutorial's program | PyTorch, tuned, f32 | kdc, kd, f32 | kdc, hint, f32 |");
        self.line("|---|---|---|---|---|");
        for &threads in self.threads {
            let peaks = [
                ("tutorial", "peak_mb"),
                ("tuned", "peak_mb"),
                ("kdc", "kd.peak_mb"),
                ("kdc", "hint.peak_mb"),
            ];
            let peaks = peaks.map(|(program, name)| {
                let peak = self.figures.median(threads, program, "f32", name);
                format!("{peak:.0}")
            });
            let peaks = peaks.join(" | ");
            writeln!(self.text, "| {threads} | {peaks} |").expect("writing to a string");
        }
    }
}

fn cell(seconds: f64, ratio: f64) -> String {
    format!("{seconds:.0} | {ratio:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_experiment_is_a_pass_and_ten_epochs() {
        let mut figures = Figures::default();
        let mut read = |program, printed| figures.read(1, program, "f32", "", printed).unwrap();
        read("tutorial", "kd.step 500\nkd.student 2000");
        read("kdc", "kd.step 10000\nkd.teacher 1000");
        let report = report(&figures, &[1], 1, &Processor::here());
        // 500,000 / 500, against 50,000 / 1000 + 500,000 / 10,000
        assert!(report.contains("| 1 | kd | the tutorial's program | 1000 | 10.00 |"));
        assert!(report.contains("| 1 | kd | kdc | 100 | 1.00 |"));
        assert!(report.contains("| 10000 (10000 to 10000) | 5.00 |"));
    }
}
