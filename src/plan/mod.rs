//! The plan: everything the engine needs to know, and all that it knows.
//!
//! A plan is self-contained, versioned and printable (`kdc plan`). Networks and losses are flat lists of
//! primitive operations in the order in which they run, each with the shape of what it gives;
//! the engine asserts these shapes and infers nothing.

mod angles;
mod behind;
pub mod cache;
mod contract;
mod data;
mod fast;
mod fold;
mod fuse;
mod in_place;
mod joined;
mod lower;
mod measure;
pub mod names;
mod network;
mod picture;
mod pool_relu;
mod pooled;
mod precision;
mod program;
mod prune;
mod samples;
mod schedule;
mod share;
mod stage;
mod summary;
mod training;
mod values;
pub mod views;
mod winograd;
pub(crate) mod yaml;

pub use cache::{Cache, Keep};
pub use data::{
    Batch, Column, DataSet, DataSource, Field, FieldKind, Labels, Read, TableFormat, TokenPart,
    Tokenizer, TokenizerKind, Transform, UNCOUNTED, When, Words,
};
pub use fast::Mode;
pub use lower::lower;
pub use measure::{Evaluation, Expectation, Formula, Measure, Metric, Patience, Score, TestTime};
pub use picture::{PictureChange, Side};
pub use program::{Arg, Node, Part, Program};
pub use samples::{Samples, counts_samples, samples_of};
pub use schedule::Schedule;
pub use training::{EdgeLoss, Fit, Follower, Group, Optimizer, Pruned, Stage, Update};

use crate::shape::Shape;
use serde::{Deserialize, Serialize};

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

    pub fn to_yaml(&self) -> String {
        let value = serde_yaml::to_value(self).expect("a plan holds nothing that YAML cannot say");
        yaml::text(&value)
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
}
