//! The teacher as a constant: whether its answers are kept from one epoch to the next, and why.

use super::views::{self, Views};
use super::{DataSet, DataSource, Plan, Program, Stage, precision};
use crate::shape::{Dim, Shape};
use serde::{Deserialize, Serialize};

/// What one number less to compute is worth in bytes to read back: a core does about as many multiply-adds
/// while it gathers one byte from memory.
const MULTIPLY_ADDS_PER_BYTE: u64 = 10;

/// The smallest share of the teacher's passes for which it is worth keeping views.
const WORTHWHILE: f64 = 0.1;

/// How a stage keeps the outputs of its `constant` program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    pub keep: Keep,
    /// Whether the file or the command line says so; else it is kdc's choice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
    pub reason: String,
    /// In how many views training may see one sample.
    #[serde(default = "super::one", skip_serializing_if = "super::is_one")]
    pub views: u64,
    /// Of what is kept for one view of one sample.
    pub bytes: u64,
    /// That one view of one sample costs the teachers.
    pub multiply_adds: u64,
    pub store: Store,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// In memory, where they fit, and in a file for the next experiment; else in a file alone.
    #[default]
    Auto,
    /// In memory alone.
    Memory,
    /// In a file, which is mapped into memory.
    Disk,
    /// The teachers run in each step.
    Off,
}

/// The numbers that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    F32,
    /// What has no more bits than that.
    Bf16,
}

impl Store {
    fn bytes(self) -> u64 {
        match self {
            Store::F32 => 4,
            Store::Bf16 => 2,
        }
    }
}

impl Keep {
    pub const WORDS: [(&str, Keep); 4] = [
        ("auto", Keep::Auto),
        ("memory", Keep::Memory),
        ("disk", Keep::Disk),
        ("off", Keep::Off),
    ];

    pub fn from_word(word: &str) -> Option<Keep> {
        let mut known = Keep::WORDS.iter();
        known
            .find(|(known, _)| *known == word)
            .map(|(_, keep)| *keep)
    }
}

impl Stage {
    /// How it keeps what its teachers give; none where they run in each step.
    pub fn kept(&self) -> Option<&Cache> {
        self.cache.as_ref().filter(|cache| cache.keep != Keep::Off)
    }
}

impl Plan {
    /// Decides again, for what training takes has changed.
    pub fn decide_caches(&mut self, asked: Option<Keep>) {
        let seeds = self.seeds.len() as u64;
        for stage in &mut self.stages {
            let Some(before) = stage.cache.take() else {
                continue;
            };
            let asked = asked.unwrap_or(match before.asked {
                true => before.keep,
                false => Keep::Auto,
            });
            let data = self.data.iter().find(|data| data.name == stage.data);
            stage.cache = data.and_then(|d| decide(stage, d, seeds, asked, before.multiply_adds));
        }
    }
}

/// None where no teacher answers.
pub fn decide(
    stage: &Stage,
    data: &DataSet,
    seeds: u64,
    asked: Keep,
    multiply_adds: u64,
) -> Option<Cache> {
    if stage.constant.outputs.is_empty() {
        return None;
    }
    let store = store(&stage.constant);
    let mut cache = Cache {
        keep: asked,
        asked: asked != Keep::Auto,
        reason: "asked for".to_string(),
        views: 1,
        bytes: 0,
        multiply_adds,
        store,
    };
    let off = |cache: Cache, reason: String| {
        Some(Cache {
            keep: Keep::Off,
            reason,
            ..cache
        })
    };
    if asked == Keep::Off {
        return Some(cache);
    }
    let Some(elements) = elements_per_sample(&stage.constant) else {
        return off(cache, "an answer has no row for each sample".into());
    };
    cache.bytes = elements.saturating_mul(store.bytes());
    let draws = match draws(stage, data) {
        Ok(draws) => draws,
        Err(why) => return off(cache, why),
    };
    cache.views = views::count(&draws);
    if asked != Keep::Auto {
        return Some(cache);
    }
    match worth(&cache, passes(stage, data, seeds)) {
        Ok(reason) => Some(Cache { reason, ..cache }),
        Err(reason) => off(cache, reason),
    }
}

/// What decides which view of a sample the teachers see, or why its answers cannot be kept.
pub fn draws(stage: &Stage, data: &DataSet) -> Result<Vec<views::Draw>, String> {
    let mut fields = Vec::new();
    for read in &stage.constant.fields {
        match read.split_once('.') {
            Some((set, field)) if set == data.name => fields.push(field),
            _ => {
                return Err(format!(
                    "`{read}` is of a data set that does not make the epochs"
                ));
            }
        }
    }
    match data.views(&fields) {
        Views::Finite(draws) => Ok(draws),
        Views::Endless(why) => Err(why),
    }
}

/// Whether reading back is cheaper than computing again, with the numbers that say so.
fn worth(cache: &Cache, passes: Option<f64>) -> Result<String, String> {
    let (views, bytes) = (cache.views, cache.bytes);
    let cost = format!(
        "{} multiply-adds, {bytes} bytes a sample",
        cache.multiply_adds
    );
    if cache.multiply_adds < MULTIPLY_ADDS_PER_BYTE.saturating_mul(bytes) {
        return Err(format!(
            "reading them back costs as much as computing them: {cost}"
        ));
    }
    let Some(passes) = passes else {
        return match views {
            1 => Ok(format!("each is computed once: {cost}")),
            _ => Err(format!(
                "how often one of {views} views comes again is not known"
            )),
        };
    };
    if passes <= 1.0 {
        return Err("they are needed once".into());
    }
    let saved = 1.0 - views::distinct(views, passes) / passes;
    let often = match views {
        1 => format!("{passes:.0} passes read what one computes"),
        _ => format!(
            "of {passes:.0} passes {:.0} % see one of {views} views again",
            100.0 * saved
        ),
    };
    match saved >= WORTHWHILE {
        true => Ok(format!("{often}: {cost}")),
        false => Err(often),
    }
}

/// Through the samples, over all seeds; a part at the end counts as a part.
fn passes(stage: &Stage, data: &DataSet, seeds: u64) -> Option<f64> {
    let epochs = match (stage.epochs, stage.steps) {
        (Some(epochs), _) => epochs as f64,
        (None, Some(steps)) => {
            let seen = steps as f64 * stage.accumulate as f64 * data.batch.size as f64;
            seen / samples(data)? as f64
        }
        (None, None) => return None,
    };
    Some(epochs * seeds.max(1) as f64)
}

/// Of the first source, as far as a file can know.
fn samples(data: &DataSet) -> Option<u64> {
    match data.sources.first()? {
        DataSource::Cifar10 { .. } | DataSource::Cifar100 { .. } => Some(50_000),
        DataSource::Mnist { .. } => Some(60_000),
        DataSource::Phrases { train, .. } | DataSource::Shapes { train, .. } => Some(*train),
        DataSource::Folder { .. } | DataSource::Table { .. } => None,
    }
}

/// None if an output has no row for each sample.
fn elements_per_sample(constant: &Program) -> Option<u64> {
    let mut sum: u64 = 0;
    for output in &constant.outputs {
        let node = constant.nodes.iter().find(|node| node.value == *output)?;
        let shape: &Shape = &node.shape;
        if shape.0.first() != Some(&Dim::batch()) {
            return None;
        }
        sum = sum.checked_add(shape.elements_per_sample()?)?;
    }
    Some(sum)
}

/// In bf16 where all answers are such numbers.
fn store(constant: &Program) -> Store {
    let is_bf16 = |output: &String| {
        let node = constant.nodes.iter().find(|node| node.value == *output);
        node.is_some_and(precision::is_bf16)
    };
    match constant.outputs.iter().all(is_bf16) {
        true => Store::Bf16,
        false => Store::F32,
    }
}
