//! How a stage trains: for how long, by which optimizer and losses, and what learns.

use super::{Arg, Cache, Expectation, Patience, Program, Score, TestTime};
use serde::{Deserialize, Serialize};

/// One `train` block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The data set that makes an epoch.
    pub data: String,
    /// How long it lasts; or else `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u64>,
    /// Of the optimizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    pub optimizer: Optimizer,
    /// Whether the optimizer may go through the parameters once, and round as that rounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fused: bool,
    /// Whether a GPU may round the factors of products to TF32; never in the exact mode.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tf32: bool,
    /// Of how many batches the gradients' mean makes one step.
    #[serde(default = "super::one", skip_serializing_if = "super::is_one")]
    pub accumulate: u64,
    /// The largest Euclidean norm of all gradients together; they are scaled down to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// Parameters with a learning rate or weight decay of their own. None is in two groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// How much is kept of the running means of what learns at each step: these are measured and saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<Arg>,
    /// Networks whose weights are running means of a student's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followers: Vec<Follower>,
    /// What must hold when the stage begins, or the run stops.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expectation>,
    /// The epoch whose weights are kept: the one that was best on the held-out samples, or else the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<Score>,
    /// After how many epochs without a better score on the held-out samples the stage ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Patience>,
    /// When the test set is measured.
    pub test: TestTime,
    /// The parameters that the optimizer changes.
    pub learns: Vec<String>,
    /// The teachers, up to the values that `step` reads. Constant for the whole run.
    pub constant: Program,
    /// How what `constant` gives is kept; none where it gives nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// Students, auxiliary layers and losses; its outputs are the edges' losses.
    pub step: Program,
    pub edges: Vec<EdgeLoss>,
    /// What states become after each step of the optimizer, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub updates: Vec<Update>,
    /// What was declared but is not computed in training, because no edge reaches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<Pruned>,
}

/// Parameters for which the optimizer has other settings. A number that was written for their rate follows the
/// optimizer's here already.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// A number, or a formula of the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lr: Option<Arg>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    pub parameters: Vec<String>,
}

/// A network that follows a student: after each step its parameters become `decay * own + (1 - decay) *
/// student's`, and its running statistics the student's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follower {
    pub network: String,
    pub of: String,
    /// A number, or a formula of the time.
    pub decay: Arg,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruned {
    /// `deep.classifier`
    pub value: String,
    pub parameters: u64,
    /// For one sample.
    pub multiply_adds: u64,
}

/// The settings of PyTorch's optimizer of the same name. `lr` is a number or a formula of the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    Adam {
        lr: Arg,
        betas: (f64, f64),
        eps: f64,
        weight_decay: f64,
    },
    Adamw {
        lr: Arg,
        betas: (f64, f64),
        eps: f64,
        weight_decay: f64,
    },
    Sgd {
        lr: Arg,
        momentum: f64,
        weight_decay: f64,
        nesterov: bool,
    },
}

impl Optimizer {
    /// As one writes it in kd.
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Adam { .. } => "adam",
            Optimizer::Adamw { .. } => "adamw",
            Optimizer::Sgd { .. } => "sgd",
        }
    }

    pub fn lr(&self) -> &Arg {
        match self {
            Optimizer::Adam { lr, .. }
            | Optimizer::Adamw { lr, .. }
            | Optimizer::Sgd { lr, .. } => lr,
        }
    }
}

/// One loss edge: the total is the sum of `weight` times the value over all edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeLoss {
    pub name: String,
    /// `deep.features ~> regressed by mse`
    pub written: String,
    /// `examples/hint.kd:9`
    pub at: String,
    /// The output of the `step` program that is its loss.
    pub value: String,
    /// A number, or a formula of the time.
    pub weight: Arg,
    /// The layers that `fit` was made of; they learn with the students and are not exported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fits: Vec<Fit>,
}

/// Another value for a state, as the step computed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Among [`Plan::parameters`](super::Plan::parameters).
    pub state: String,
    /// The output of the `step` program that names the rows to change; all rows if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// The output of the `step` program that they become.
    pub value: String,
}

/// What a `fit` of an edge stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// `light.features`
    pub of: String,
    /// `conv2d(channels: 32, kernel: 1)`
    pub layers: String,
    pub parameters: u64,
}
