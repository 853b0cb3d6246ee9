//! The plan: everything the engine needs to know, and all that it knows.
//!
//! A plan is self-contained, versioned and printable (`kdc plan`). Networks and losses are flat lists of
//! primitive operations in the order in which they run, each with the shape of what it gives;
//! the engine asserts these shapes and infers nothing.

mod behind;
pub mod cache;
mod contract;
mod data;
mod fast;
mod fold;
mod fuse;
mod in_place;
mod lower;
mod names;
mod picture;
mod precision;
mod prune;
mod reorder;
mod samples;
mod schedule;
mod share;
mod stage;
mod summary;
mod values;
pub mod views;
pub(crate) mod yaml;

pub use cache::{Cache, Keep};
pub use data::{
    Batch, Column, DataSet, DataSource, Field, FieldKind, Labels, Read, TableFormat, TokenPart,
    Tokenizer, TokenizerKind, Transform, UNCOUNTED, When, Words,
};
pub use fast::Mode;
pub use lower::lower;
pub use picture::{PictureChange, Side};
pub use samples::{Samples, counts_samples, samples_of};
pub use schedule::Schedule;

use crate::shape::Shape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format below. An engine refuses a plan of another.
pub const FORMAT: u32 = 1;

/// Between YAML documents. Within one a line never begins so: strings of several lines are indented.
const SEPARATOR: &str = "\n---\n";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub kdc_plan: u32,
    /// The version of kdc that wrote it.
    pub kdc: String,
    /// What the run folder is called: the file's name without `.kd`.
    pub experiment: String,
    /// The `.kd` files that it was compiled from, the experiment first.
    pub sources: Vec<SourceText>,
    #[serde(default, skip_serializing_if = "Mode::is_exact")]
    pub mode: Mode,
    /// One run each.
    pub seeds: Vec<u64>,
    pub data: Vec<DataSet>,
    pub networks: Vec<Network>,
    /// All parameters and buffers, network by network in declaration order, which is the order in which
    /// they are initialised; then those of taps and losses.
    pub parameters: Vec<Parameter>,
    /// In the order in which they run.
    pub stages: Vec<Stage>,
    /// What is measured of the students in the end, besides their accuracy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Measure>,
    /// How each network is measured.
    pub evaluations: Vec<Evaluation>,
    pub cost: Costs,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceText {
    pub file: String,
    /// Of its text: FNV-1a, 64 bits, in hexadecimal.
    pub hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Teacher,
    Student,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub name: String,
    pub role: Role,
    /// As it was written: `LightNN(classes: 10)`.
    pub model: String,
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub weights: Weights,
    /// Parameters of taps and other networks that its answer needs. They are saved with it, under their
    /// full names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grafted: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weights {
    /// Drawn as PyTorch draws them after `manual_seed(seed + offset)`: the k-th student has offset k - 1.
    Initialised {
        offset: u64,
    },
    /// The running mean of a student of this experiment, which [`Stage::followers`] says.
    Follows {
        student: String,
    },
    /// A student of another experiment, which is trained first when its result is missing or no longer fits.
    Experiment {
        /// As it was written.
        file: String,
        /// The student's name there.
        network: String,
        plan: Box<Plan>,
    },
    File(WeightsFile),
}

/// A file of weights and how its names become the network's. All parameters must be there, and no others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsFile {
    /// Relative to the working directory.
    pub path: String,
    /// Where the experiment names it: `examples/vit.kd:4`.
    pub at: String,
    /// Of a student: what the file may lack is drawn as [`Weights::Initialised`] with this offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Where a checkpoint holds the parameters, if not at its top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is taken from the front of the file's names, first of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strip: Option<String>,
    /// Then, in order: words of names, old and new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rename: Vec<(String, String)>,
    /// Patterns of resulting names: matrices that are the other way round in the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transpose: Vec<String>,
    /// Patterns of parameters that the file may lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Patterns of resulting names that the network does not take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// `light.features.0.weight`: the owner, a full stop, and PyTorch's name.
    pub name: String,
    /// The network, tap or edge that owns it.
    pub owner: String,
    pub kind: ParameterKind,
    pub shape: Shape,
    #[serde(with = "serde_yaml::with::singleton_map")]
    pub init: Init,
    /// What is drawn in its place once all of its owner's parameters have been drawn, as a PyTorch constructor
    /// does that ends by going over its modules.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "serde_yaml::with::singleton_map"
    )]
    pub again: Option<Init>,
    /// Operations that the drawn values, its only field, go through to its only output before they are the
    /// start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Program>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// Of a network.
    Weight,
    /// Batch norm's running statistics, and states: saved, never trained.
    Buffer,
    /// Of a tap or a loss: trained, kept in checkpoints, exported only where a network's answer needs it.
    Auxiliary,
}

/// How a parameter starts. Draws come from the generator in the order of [`Plan::parameters`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// Evenly from -bound to bound.
    Uniform {
        bound: f64,
    },
    Normal {
        mean: f64,
        std: f64,
    },
    /// The same between -2 and 2, by PyTorch's `trunc_normal_`.
    TruncNormal {
        mean: f64,
        std: f64,
    },
    Constant(f64),
}

/// What a part of the computation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Constant for the whole run.
    Teacher,
    Student,
    /// Taps' layers: trained beside the student, dropped on export.
    Auxiliary,
    Loss,
}

/// Operations in the order in which they run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Fields of the batch that it reads: `images.image`. They are values of that name.
    pub fields: Vec<String>,
    /// Values that it reads from the stage's `constant` program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constants: Vec<String>,
    pub nodes: Vec<Node>,
    /// The values that are wanted from it.
    pub outputs: Vec<String>,
}

/// One primitive operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The name of the value that it gives, unique in its program.
    pub value: String,
    pub op: String,
    pub part: Part,
    /// Values of earlier nodes, or of the program's fields and constants.
    pub inputs: Vec<String>,
    /// The operation's own parameters by role: `weight: light.features.0.weight`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// All of the operation's arguments, defaults included. `training` says how dropout and batch norm
    /// behave; `moves: false` that a batch norm in training leaves its running statistics alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, Arg>,
    pub shape: Shape,
}

/// A compile-time argument, or a number that is known at each step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Arg {
    Bool(bool),
    Int(i64),
    Number(f64),
    /// A word, or the symbol `N`: the number of samples in the batch.
    Text(String),
    List(Vec<Arg>),
    /// Arithmetic with symbols: `{calculate: mul, of: [2, N]}`. `calculate` is one of add, sub, mul, div, pow, neg.
    Formula {
        calculate: String,
        of: Vec<Arg>,
    },
    /// A number that changes while a stage trains.
    Schedule(Schedule),
}

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
    /// Of how many batches the gradients' mean makes one step.
    #[serde(default = "one", skip_serializing_if = "is_one")]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The share of samples whose right class has the largest logit.
    Accuracy,
    /// Whose right class is among the five largest.
    Top5,
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
    /// Among [`Plan::parameters`].
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    pub teacher: Cost,
    pub student: Cost,
    pub auxiliary: Cost,
    /// Of losses, if parameters of their own are among them: those of `crd`, and the layer of `fit`.
    #[serde(default, skip_serializing_if = "Cost::is_none")]
    pub loss: Cost,
}

/// What a part costs in training, over all stages; what is pruned does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    pub parameters: u64,
    /// Forward, for one sample.
    pub multiply_adds: u64,
    /// Of parameters in f32.
    pub parameter_bytes: u64,
    /// Of all values in f32, for one sample, forward.
    pub activation_bytes: u64,
}

impl Cost {
    fn is_none(&self) -> bool {
        *self == Cost::default()
    }
}

fn one() -> u64 {
    1
}

fn is_one(n: &u64) -> bool {
    *n == 1
}

impl Plan {
    /// Reads a plan. The message names the line and column of what is wrong.
    pub fn from_yaml(text: &str) -> Result<Plan, String> {
        #[derive(Deserialize)]
        struct Version {
            kdc_plan: u32,
            #[serde(default)]
            kdc: String,
        }
        let version: Version = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
        if version.kdc_plan != FORMAT {
            return Err(format!(
                "the plan has format {} (written by kdc {}), this engine reads format {FORMAT}",
                version.kdc_plan, version.kdc
            ));
        }
        serde_yaml::from_str(text).map_err(|e| e.to_string())
    }

    /// Reads one plan or several, one after the other.
    pub fn all_from_yaml(text: &str) -> Result<Vec<Plan>, String> {
        text.split(SEPARATOR).map(Plan::from_yaml).collect()
    }

    /// What [`Plan::all_from_yaml`] reads.
    pub fn all_to_yaml(plans: &[Plan]) -> String {
        let texts: Vec<String> = plans.iter().map(Plan::to_yaml).collect();
        texts.join(SEPARATOR.trim_start())
    }

    /// All of its own programs, not those of the plans that its teachers come from.
    pub(crate) fn programs_mut(&mut self) -> impl Iterator<Item = &mut Program> {
        let starts = self.parameters.iter_mut().filter_map(|p| p.then.as_mut());
        let stages = self.stages.iter_mut();
        let stages = stages.flat_map(|stage| [&mut stage.constant, &mut stage.step]);
        let metrics = self.metrics.iter_mut().flat_map(|measure| match measure {
            Measure::Formula { of, .. } => of.as_mut_slice(),
            _ => &mut [],
        });
        let evaluations = self.evaluations.iter_mut().map(|of| &mut of.program);
        let metrics = metrics.map(|formula| &mut formula.program);
        starts.chain(stages).chain(metrics).chain(evaluations)
    }

    pub fn to_yaml(&self) -> String {
        let value = serde_yaml::to_value(self).expect("a plan holds nothing that YAML cannot say");
        yaml::text(&value)
    }
}
