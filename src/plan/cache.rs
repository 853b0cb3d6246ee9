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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    #[default]
    F32,
    /// What has no more bits than that, or the file asks for.
    Bf16,
    /// The file asks for it.
    F16,
}

/// What the file or the command line says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub keep: Keep,
    /// F32 is whatever loses no bit.
    pub store: Store,
}

impl Store {
    pub const WORDS: [(&str, Store); 3] = [
        ("f32", Store::F32),
        ("bf16", Store::Bf16),
        ("f16", Store::F16),
    ];

    fn bytes(self) -> u64 {
        match self {
            Store::F32 => 4,
            Store::Bf16 | Store::F16 => 2,
        }
    }

    fn word(self) -> &'static str {
        let mut words = Store::WORDS.iter();
        let found = words.find(|(_, store)| *store == self);
        found.map_or("", |(word, _)| word)
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

    /// The numbers to which what is kept is rounded, where it loses bits.
    pub fn rounded(&self) -> Option<&'static str> {
        let store = self.kept()?.store;
        (store != lossless(&self.constant)).then(|| store.word())
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
            let wish = Wish {
                keep: asked.unwrap_or(match before.asked {
                    true => before.keep,
                    false => Keep::Auto,
                }),
                store: before.store,
            };
            let data = self.data.iter().find(|data| data.name == stage.data);
            stage.cache = data.and_then(|d| decide(stage, d, seeds, wish, before.multiply_adds));
        }
    }
}

/// None where no teacher answers.
pub fn decide(
    stage: &Stage,
    data: &DataSet,
    seeds: u64,
    wish: Wish,
    multiply_adds: u64,
) -> Option<Cache> {
    if stage.constant.outputs.is_empty() {
        return None;
    }
    let lossless = lossless(&stage.constant);
    let store = match lossless {
        Store::F32 => wish.store,
        shorter => shorter,
    };
    let mut cache = Cache {
        keep: wish.keep,
        asked: wish.keep != Keep::Auto,
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
    if wish.keep == Keep::Off {
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
    if wish.keep == Keep::Auto {
        match worth(&cache, passes(stage, data, seeds)) {
            Ok(reason) => cache.reason = reason,
            Err(reason) => return off(cache, reason),
        }
    }
    if store != lossless {
        let all = elements.saturating_mul(lossless.bytes());
        let (kept, word) = (cache.bytes, store.word());
        cache.reason += &format!(
            "; rounded to {word}, {kept} bytes instead of {all}, so other bits than the teachers give"
        );
    }
    Some(cache)
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
fn lossless(constant: &Program) -> Store {
    let is_bf16 = |output: &String| {
        let node = constant.nodes.iter().find(|node| node.value == *output);
        node.is_some_and(precision::is_bf16)
    };
    match constant.outputs.iter().all(is_bf16) {
        true => Store::Bf16,
        false => Store::F32,
    }
}
