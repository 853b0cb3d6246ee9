//! Numbers of the plan that are known only in the run: they depend on the batch size or on the time.

use kdc::plan::{Arg, Schedule};
use kdc::shape::Dim;
use std::f64::consts::PI;

#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    Number(f64),
    /// So many times the batch size.
    Batch(f64),
    /// Changes while a stage trains.
    Scheduled(Schedule),
    Calculated(Calculation, Vec<Amount>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Calculation {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Neg,
}

/// When a step of the optimizer begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Time {
    /// Steps of the optimizer since the stage began.
    pub step: u64,
    pub steps_per_epoch: u64,
    /// Of the stage.
    pub steps: u64,
}

impl Amount {
    pub fn of(&self, batch: i64, time: Time) -> f64 {
        match self {
            Amount::Number(number) => *number,
            Amount::Batch(times) => times * batch as f64,
            Amount::Scheduled(schedule) => time.value(schedule),
            Amount::Calculated(calculation, of) => {
                let mut numbers = of.iter().map(|amount| amount.of(batch, time));
                let first = numbers.next().unwrap_or(f64::NAN);
                match calculation {
                    Calculation::Neg => -first,
                    Calculation::Add => numbers.fold(first, |a, b| a + b),
                    Calculation::Sub => numbers.fold(first, |a, b| a - b),
                    Calculation::Mul => numbers.fold(first, |a, b| a * b),
                    Calculation::Div => numbers.fold(first, |a, b| a / b),
                    Calculation::Pow => numbers.fold(first, f64::powf),
                }
            }
        }
    }

    pub fn fixed(&self) -> Option<f64> {
        match self {
            Amount::Number(number) => Some(*number),
            Amount::Batch(_) | Amount::Scheduled(_) => None,
            Amount::Calculated(_, of) => {
                let known = of.iter().all(|amount| amount.fixed().is_some());
                known.then(|| self.of(0, Time::default()))
            }
        }
    }

    pub fn read(arg: &Arg) -> Option<Amount> {
        Some(match arg {
            Arg::Int(n) => Amount::Number(*n as f64),
            Arg::Number(x) => Amount::Number(*x),
            Arg::Text(text) => match text.parse().ok()? {
                Dim::Known(n) => Amount::Number(n as f64),
                Dim::Symbol { name, times } if &*name == "N" => Amount::Batch(times as f64),
                _ => return None,
            },
            Arg::Formula { calculate, of } => Amount::Calculated(
                match calculate.as_str() {
                    "add" => Calculation::Add,
                    "sub" => Calculation::Sub,
                    "mul" => Calculation::Mul,
                    "div" => Calculation::Div,
                    "pow" => Calculation::Pow,
                    "neg" => Calculation::Neg,
                    _ => return None,
                },
                of.iter().map(Amount::read).collect::<Option<_>>()?,
            ),
            Arg::Schedule(schedule) => Amount::Scheduled(schedule.clone()),
            Arg::Bool(_) | Arg::List(_) => return None,
        })
    }
}

impl Time {
    /// The time as a share of a length, at most 1.
    fn share(self, epochs: Option<f64>, steps: Option<f64>) -> f64 {
        let per_epoch = self.steps_per_epoch as f64;
        let length = steps.or(epochs.map(|epochs| epochs * per_epoch));
        let length = length.unwrap_or(self.steps as f64);
        (self.step as f64 / length).min(1.0)
    }

    fn value(self, schedule: &Schedule) -> f64 {
        match schedule {
            Schedule::Ramp {
                from,
                to,
                epochs,
                steps,
            } => from + (to - from) * self.share(*epochs, *steps),
            Schedule::CosineDecay { to, epochs, steps } => {
                let wave = (PI * self.share(*epochs, *steps)).cos();
                to + (1.0 - to) * 0.5 * (1.0 + wave)
            }
            Schedule::StepDecay {
                factor,
                epochs,
                steps,
            } => {
                let epoch = self.step as f64 / self.steps_per_epoch as f64;
                let over = epochs.iter().filter(|at| epoch >= **at).count()
                    + steps.iter().filter(|at| self.step as f64 >= **at).count();
                factor.powi(over as i32)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::golden;

    /// The values at 40 steps, of 4 epochs with 10 each.
    fn values(schedule: &Amount) -> Vec<f64> {
        let at = |step| Time {
            step,
            steps_per_epoch: 10,
            steps: 40,
        };
        (0..40).map(|step| schedule.of(0, at(step))).collect()
    }

    #[test]
    fn each_is_pytorchs_scheduler() {
        let ramp = |from, to, epochs, steps| {
            Amount::Scheduled(Schedule::Ramp {
                from,
                to,
                epochs,
                steps,
            })
        };
        let cosine = |to, steps| {
            Amount::Scheduled(Schedule::CosineDecay {
                to,
                epochs: None,
                steps,
            })
        };
        let times = |a, b| Amount::Calculated(Calculation::Mul, vec![a, b]);
        let cases = [
            ("linear", ramp(0.1, 1.0, Some(2.0), None)),
            ("linear_decay", ramp(1.0, 0.25, None, None)),
            ("cosine", cosine(0.0, None)),
            ("cosine_to", cosine(0.02, Some(40.0))),
            (
                "step",
                Amount::Scheduled(Schedule::StepDecay {
                    factor: 0.1,
                    epochs: vec![1.5, 3.0],
                    steps: vec![],
                }),
            ),
            (
                "warm_cosine",
                times(ramp(0.0, 1.0, None, Some(8.0)), cosine(0.0, None)),
            ),
        ];
        for (name, schedule) in cases {
            let schedule = times(Amount::Number(0.5), schedule);
            let expected = golden(&format!("schedule.{name}"));
            let expected = Vec::<f64>::try_from(expected).unwrap();
            for (step, (found, expected)) in values(&schedule).iter().zip(&expected).enumerate() {
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{name}, step {step}: {found}, {expected}"
                );
            }
        }
    }
}
