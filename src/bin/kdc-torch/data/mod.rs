//! Data sets: loaded once, resident on the device, batched by index.

mod cifar;
mod feed;
mod files;
mod folder;
mod mix;
mod mnist;
mod picture;
mod recipe;
mod samples;
mod source;
mod split;
mod table;

pub use feed::{Epoch, Feed};
pub use recipe::Moment;
pub use split::Split;

use crate::failure::{Failure, Result};
use crate::random::{derive_seed, permutation};
use kdc::data::tags::Tag;
use kdc::plan;
use recipe::Recipe;
use source::Found;
use split::Columns;
use std::collections::BTreeMap;
use std::rc::Rc;
use tch::{Device, Tensor};

pub struct DataSet {
    pub plan: plan::DataSet,
    /// The source that was taken, as it was written.
    pub source: String,
    /// Why those before it were not.
    pub passed_over: Vec<String>,
    pub hash: String,
    pub train: Split,
    /// Samples of the training data that are kept apart.
    pub hold_out: Option<Split>,
    pub test: Split,
    /// By the source's field.
    class_names: BTreeMap<String, Vec<String>>,
    device: Device,
}

/// The samples of one step.
pub struct Batch {
    /// In the order of [`DataSet::fields`].
    pub fields: Vec<Tensor>,
    pub size: i64,
}

impl DataSet {
    /// Finds, reads and uploads the data.
    pub fn open(plan: &plan::DataSet, device: Device) -> Result<DataSet> {
        let found = source::find(&plan.sources)?;
        DataSet::new(plan, found, device)
    }

    fn new(plan: &plan::DataSet, found: Found, device: Device) -> Result<DataSet> {
        let mut recipe = Recipe::new(plan, device)?;
        let mut train = Columns::upload(&recipe, &found.splits.train, device)?;
        let hold_out = plan.hold_out.map(|fraction| train.split_off(fraction));
        let hold_out = hold_out.transpose()?;
        recipe.fit(plan, &train)?;
        let recipe = Rc::new(recipe);
        let split = |columns| Split::new(columns, &recipe);
        let test = Columns::upload(&recipe, &found.splits.test, device)?;
        Ok(DataSet {
            plan: plan.clone(),
            source: found.source,
            passed_over: found.passed_over,
            hash: found.hash,
            train: split(train),
            hold_out: hold_out.map(split),
            test: split(test),
            class_names: found.splits.class_names,
            device,
        })
    }

    /// What the classes of a field are called, by its full name, `words.label`.
    pub fn class_names(&self, field: &str) -> Option<&[String]> {
        let own = (self.plan.fields.iter()).find(|own| self.plan.full_name(own) == field)?;
        let (_, begins) = self.plan.behind(&[&own.name]);
        let names = self.class_names.get(*begins.first()?)?;
        Some(names)
    }

    /// The names of a batch's values: `images.image`.
    pub fn fields(&self) -> Vec<String> {
        let fields = self.plan.fields.iter();
        fields
            .map(|field| format!("{}.{}", self.plan.name, field.name))
            .collect()
    }

    /// What the classes of a field are called, as tags of words.
    pub fn tags(&self, field: &str) -> Result<Vec<Tag>> {
        let names = self.class_names(field).ok_or_else(|| {
            Failure::Usage(format!(
                "`entity_f1` needs to know what the classes of `{field}` are called, but the file has numbers\n\
                 list them: `class(…, names: [\"O\", \"B-PER\", \"I-PER\"])`"
            ))
        })?;
        let tag = |name: &String| {
            Tag::read(name).ok_or_else(|| {
                Failure::Usage(format!(
                    "`entity_f1` takes classes such as `O`, `B-PER` and `I-PER`, but one of `{field}` is called `{name}`"
                ))
            })
        };
        names.iter().map(tag).collect()
    }

    pub fn batch_size(&self) -> i64 {
        self.plan.batch.size as i64
    }

    /// The steps of an epoch.
    pub fn steps(&self) -> i64 {
        let (samples, size) = (self.train.samples, self.batch_size());
        if self.plan.batch.drop_last {
            samples / size
        } else {
            (samples + size - 1) / size
        }
    }

    /// The order of the training samples in an epoch: PyTorch's `randperm` from a generator seeded with
    /// `derive_seed("shuffle", seed, epoch)`.
    pub fn shuffled(&self, seed: u64, epoch: u64) -> Vec<i64> {
        permutation(
            self.train.samples as usize,
            derive_seed("shuffle", seed, epoch),
        )
    }

    fn on_device(&self, index: &[i64]) -> Result<Tensor> {
        Ok(Tensor::f_from_slice(index)?.f_to_device(self.device)?)
    }
}

#[cfg(test)]
mod tests;
