//! What is measured, on which samples, and what follows from it.

use super::Program;
use serde::{Deserialize, Serialize};

/// How a network is measured: its program runs in evaluation mode over the test (or held-out) samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    pub network: String,
    pub data: String,
    pub program: Program,
    /// The output that answers, `[N, classes]` logits.
    pub logits: String,
    /// The field with the right answer: `images.label`.
    pub label: String,
    pub classes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The share of samples whose right class has the largest logit.
    Accuracy,
    /// Whose right class is among the five largest.
    Top5,
    /// The F1 of the entities that tags of words mark.
    EntityF1,
}

/// As one would write it in kd.
impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Metric::Accuracy => "accuracy",
            Metric::Top5 => "top5",
            Metric::EntityF1 => "entity_f1",
        })
    }
}

/// What is measured of a network on the test samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "measure", rename_all = "snake_case", deny_unknown_fields)]
pub enum Measure {
    Accuracy,
    Top5,
    /// The expected calibration error with 15 bins: how far the largest probability is from the share of
    /// right answers, on average.
    Calibration,
    /// The exponential of the cross-entropy.
    Perplexity,
    /// The F1 of the entities that tags of words mark, all kinds together.
    EntityF1,
    /// The share of samples for which it answers as that network does.
    Agreement {
        with: String,
    },
    /// A loss or function of the answers: the mean over the batches, each as heavy as it has samples.
    Formula {
        /// `soft_target(teacher: deep.logits)`
        written: String,
        of: Vec<Formula>,
    },
}

/// How a formula is computed of one network, in evaluation mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    pub network: String,
    /// Its only output is the formula's value for a batch.
    pub program: Program,
}

impl Measure {
    /// What it computes besides the networks' answers.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        let of: &[Formula] = match self {
            Measure::Formula { of, .. } => of,
            _ => &[],
        };
        of.iter().map(|formula| &formula.program)
    }
}

/// As one would write it in kd.
impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Measure::Accuracy => f.write_str("accuracy"),
            Measure::Top5 => f.write_str("top5"),
            Measure::Calibration => f.write_str("calibration"),
            Measure::Perplexity => f.write_str("perplexity"),
            Measure::EntityF1 => f.write_str("entity_f1"),
            Measure::Agreement { with } => write!(f, "agreement({with})"),
            Measure::Formula { written, .. } => f.write_str(written),
        }
    }
}

/// A metric of a network: larger is better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    pub metric: Metric,
    pub network: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patience {
    pub epochs: u64,
    pub score: Score,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    pub score: Score,
    /// On the test samples, as a share of 1.
    pub at_least: f64,
    /// `examples/hint.kd:9`
    pub at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestTime {
    AtEnd,
    EachEpoch,
}
