//! Which epoch's weights are kept, and when a stage ends early: both by what the held-out samples say.

use crate::evaluate::Answers;
use crate::failure::{Failure, Result};
use crate::parameters::Parameters;
use kdc::plan::{Metric, Score, Stage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tch::Tensor;

/// What networks answered, by their names.
pub type AllAnswers = BTreeMap<String, Answers>;

pub struct Choice {
    keep: Option<Best>,
    stop: Option<(Best, u64)>,
    /// Everything as it was after the best epoch.
    kept: Vec<Tensor>,
}

struct Best {
    score: Score,
    mark: Mark,
}

/// The best value of a score so far.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Mark {
    value: f64,
    /// How many epochs have not been better since.
    epochs_since: u64,
}

/// What has been noted of a stage's epochs.
#[derive(Serialize, Deserialize)]
pub struct Marks {
    keep: Option<Mark>,
    stop: Option<Mark>,
}

impl Choice {
    pub fn new(stage: &Stage) -> Choice {
        let best = |score: &Score| Best {
            score: score.clone(),
            mark: Mark {
                value: f64::NEG_INFINITY,
                epochs_since: 0,
            },
        };
        Choice {
            keep: stage.keep.as_ref().map(best),
            stop: (stage.stop.as_ref()).map(|stop| (best(&stop.score), stop.epochs)),
            kept: Vec::new(),
        }
    }

    pub fn marks(&self) -> Marks {
        Marks {
            keep: self.keep.as_ref().map(|best| best.mark),
            stop: self.stop.as_ref().map(|(best, _)| best.mark),
        }
    }

    /// Everything as it was after the best epoch; nothing where none is kept.
    pub fn kept(&self) -> &[Tensor] {
        &self.kept
    }

    /// Goes on from what was noted and kept before.
    pub fn go_on(&mut self, marks: &Marks, kept: Vec<Tensor>) {
        if let (Some(best), Some(mark)) = (&mut self.keep, marks.keep) {
            best.mark = mark;
        }
        if let (Some((best, _)), Some(mark)) = (&mut self.stop, marks.stop) {
            best.mark = mark;
        }
        self.kept = kept;
    }

    /// Takes note of an epoch. Whether the stage goes on.
    pub fn note(&mut self, held_out: &AllAnswers, parameters: &Parameters) -> Result<bool> {
        if let Some(keep) = &mut self.keep
            && keep.note(held_out)?
        {
            self.kept = parameters.snapshot()?;
        }
        Ok(match &mut self.stop {
            Some((best, patience)) => best.note(held_out)? || best.mark.epochs_since < *patience,
            None => true,
        })
    }

    /// Makes everything what it was after the best epoch. Whether there was one.
    pub fn restore(&self, parameters: &Parameters) -> Result<bool> {
        if self.kept.is_empty() {
            return Ok(false);
        }
        parameters.restore(&self.kept)?;
        Ok(true)
    }
}

impl Best {
    /// Whether it is better than all before.
    fn note(&mut self, held_out: &AllAnswers) -> Result<bool> {
        let value = value(&self.score, held_out)?;
        let better = value > self.mark.value;
        if better {
            self.mark.value = value;
            self.mark.epochs_since = 0;
        } else {
            self.mark.epochs_since += 1;
        }
        Ok(better)
    }
}

pub fn value(score: &Score, answers: &AllAnswers) -> Result<f64> {
    let given = answers.get(&score.network).ok_or_else(|| {
        Failure::Bug(format!(
            "the plan chooses by `{}`, which is not measured",
            score.network
        ))
    })?;
    match score.metric {
        Metric::Accuracy => given.accuracy(),
        Metric::Top5 => given.top5(),
        Metric::EntityF1 => given.entity_f1(),
    }
}
