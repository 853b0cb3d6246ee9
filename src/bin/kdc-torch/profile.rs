//! Where the time of training goes, by part of the plan. On a GPU operations return before they are done, so
//! that there these are the times of launching them.

use crate::console::table;
use kdc::plan::{Costs, Part as Of};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Data,
    Teacher,
    Student,
    Auxiliary,
    Losses,
    Backward,
    Optimizer,
    /// Forward, backward and optimizer as one, on a GPU.
    Replay,
    Measuring,
}

/// In the order in which a step goes through them.
const PARTS: [(Part, &str); 9] = [
    (Part::Data, "data"),
    (Part::Teacher, "teacher"),
    (Part::Student, "student, forward"),
    (Part::Auxiliary, "auxiliary"),
    (Part::Losses, "losses"),
    (Part::Backward, "backward"),
    (Part::Optimizer, "optimizer"),
    (Part::Replay, "steps as a graph"),
    (Part::Measuring, "measuring"),
];

impl From<Of> for Part {
    fn from(part: Of) -> Part {
        match part {
            Of::Teacher => Part::Teacher,
            Of::Student => Part::Student,
            Of::Auxiliary => Part::Auxiliary,
            Of::Loss => Part::Losses,
        }
    }
}

/// The time that each part has taken, and the samples that went through it.
#[derive(Clone, Debug, Default)]
pub struct Times {
    spent: [Duration; PARTS.len()],
    /// Of the students, and of the teachers, which are fewer where answers are kept.
    pub trained: u64,
    pub answered: u64,
}

impl Times {
    /// Adds the time since `start` and begins anew.
    pub fn lap(&mut self, part: Part, start: &mut Instant) {
        let now = Instant::now();
        self.spent[part as usize] += now - *start;
        *start = now;
    }

    pub fn add(&mut self, other: &Times) {
        for (mine, theirs) in self.spent.iter_mut().zip(&other.spent) {
            *mine += *theirs;
        }
        self.trained += other.trained;
        self.answered += other.answered;
    }

    /// A line for each part, beside what the plan says that it costs.
    pub fn table(&self, cost: &Costs) -> String {
        let whole: Duration = self.spent.iter().sum();
        let titles = ["part", "seconds", "share", "multiply-adds", "a second"];
        let mut rows = vec![titles.map(String::from).to_vec()];
        for (part, name) in PARTS {
            if part == Part::Replay && self.spent[part as usize].is_zero() {
                continue;
            }
            let seconds = self.spent[part as usize].as_secs_f64();
            let share = 100.0 * seconds / whole.as_secs_f64().max(f64::MIN_POSITIVE);
            let multiply_adds = self.estimate(part, cost) as f64;
            let (estimate, speed) = match multiply_adds > 0.0 && seconds > 0.0 {
                true => (giga(multiply_adds), giga(multiply_adds / seconds)),
                false => Default::default(),
            };
            rows.push(vec![
                name.to_string(),
                format!("{seconds:.2}"),
                format!("{share:.1} %"),
                estimate,
                speed,
            ]);
        }
        table(&rows)
    }

    /// The plan's multiply-adds for the samples that went through. A backward pass takes about two forward.
    fn estimate(&self, part: Part, cost: &Costs) -> u64 {
        let (student, auxiliary) = (cost.student.multiply_adds, cost.auxiliary.multiply_adds);
        match part {
            Part::Teacher => self.answered * cost.teacher.multiply_adds,
            Part::Student => self.trained * student,
            Part::Auxiliary => self.trained * auxiliary,
            Part::Backward => self.trained * 2 * (student + auxiliary),
            Part::Data | Part::Losses | Part::Optimizer | Part::Replay | Part::Measuring => 0,
        }
    }
}

fn giga(number: f64) -> String {
    format!("{:.1} G", number / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kdc::plan::Cost;

    #[test]
    fn the_estimate_stands_beside_the_time() {
        let cost = |multiply_adds| Cost {
            multiply_adds,
            ..Cost::default()
        };
        let costs = Costs {
            teacher: cost(1_000_000),
            student: cost(10_000),
            auxiliary: cost(5_000),
            ..Costs::default()
        };
        let mut times = Times {
            trained: 1_000_000,
            answered: 2_000,
            ..Times::default()
        };
        times.spent[Part::Backward as usize] = Duration::from_secs(3);
        times.spent[Part::Teacher as usize] = Duration::from_secs(1);
        let table = times.table(&costs);
        let line = |name: &str| {
            let line = table.lines().find(|line| line.contains(name));
            line.unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(line("backward"), "backward 3.00 75.0 % 30.0 G 10.0 G");
        assert_eq!(line("teacher"), "teacher 1.00 25.0 % 2.0 G 2.0 G");
        assert_eq!(line("data"), "data 0.00 0.0 %");
    }
}
