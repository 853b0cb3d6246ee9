//! What the batches of an epoch gave.

use crate::failure::Result;
use crate::trainer::Step;
use std::time::Instant;
use tch::{Kind, Tensor};

/// What one epoch gave.
pub struct Epoch {
    /// Of each edge.
    pub losses: Vec<f64>,
    /// The mean of the weighted sums.
    pub total: f64,
    /// The share of the labels that count which were told.
    pub accuracy: Option<f64>,
    pub seconds: f64,
    pub samples: i64,
}

/// How an epoch may end.
pub enum End {
    Whole(Epoch),
    Interrupted,
    Diverged(BadLoss),
}

/// What the steps of an epoch gave.
#[derive(Default)]
pub struct EpochLog {
    /// Still on the device.
    unread: Vec<Step>,
    /// Of each edge's losses.
    sums: Vec<f64>,
    total: f64,
    steps: usize,
    /// Labels that were told, and those that count.
    right: f64,
    counted: f64,
    pub samples: i64,
    pub bad: Option<BadLoss>,
}

/// A loss that is no finite number.
#[derive(Clone, Copy)]
pub struct BadLoss {
    /// From 1 on.
    pub batch: usize,
    /// From 0 on.
    pub edge: usize,
    pub loss: f64,
}

impl EpochLog {
    pub fn add(&mut self, step: Step, samples: i64) {
        self.unread.push(step);
        self.samples += samples;
    }

    /// Waits for the device.
    pub fn read(&mut self) -> Result<()> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let steps = std::mem::take(&mut self.unread);
        let stack = |tensors: Vec<&Tensor>| Tensor::f_stack(&tensors, 0)?.f_to_kind(Kind::Double);
        let losses = stack(steps.iter().map(|step| &step.losses).collect())?;
        for (losses, step) in Vec::<Vec<f64>>::try_from(losses)?.iter().zip(&steps) {
            self.read_step(losses, &step.weights);
        }
        let right: Vec<&Tensor> = steps.iter().filter_map(|s| s.right.as_ref()).collect();
        if !right.is_empty() {
            let sums = stack(right)?.f_sum_dim_intlist(0i64, false, Kind::Double)?;
            self.right += sums.f_double_value(&[0])?;
            self.counted += sums.f_double_value(&[1])?;
        }
        Ok(())
    }

    fn read_step(&mut self, losses: &[f64], weights: &[f64]) {
        self.steps += 1;
        self.sums.resize(losses.len(), 0.0);
        let weighted = losses
            .iter()
            .zip(weights)
            .map(|(loss, weight)| loss * weight);
        self.total += weighted.sum::<f64>();
        for (edge, &loss) in losses.iter().enumerate() {
            self.sums[edge] += loss;
            if !loss.is_finite() && self.bad.is_none() {
                self.bad = Some(BadLoss {
                    batch: self.steps,
                    edge,
                    loss,
                });
            }
        }
    }

    /// Each edge's, over the steps.
    pub fn means(&self) -> Vec<f64> {
        let steps = self.steps as f64;
        self.sums.iter().map(|sum| sum / steps).collect()
    }

    /// Of the steps so far; none where no label counts.
    pub fn accuracy(&self) -> Option<f64> {
        (self.counted > 0.0).then(|| self.right / self.counted)
    }

    pub fn close(self, start: Instant) -> End {
        match self.bad {
            Some(bad) => End::Diverged(bad),
            None => End::Whole(Epoch {
                losses: self.means(),
                total: self.total / self.steps as f64,
                accuracy: self.accuracy(),
                seconds: start.elapsed().as_secs_f64(),
                samples: self.samples,
            }),
        }
    }
}
