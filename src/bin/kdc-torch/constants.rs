//! The teachers' outputs for the training samples, computed once and kept.
//!
//! A teacher does not learn and the samples are not changed at random, so that what it gives for a sample is
//! the same in every epoch. libtorch's kernels give a sample the same bits whatever else is in the batch, as
//! long as batches are equally long.

use crate::data::{Batch, DataSet, Split};
use crate::failure::Result;
use crate::trainer::Trainer;
use kdc::plan::{Program, Stage};
use kdc::shape::{Dim, Shape};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use tch::{Device, Tensor};

/// On a GPU, whose free memory libtorch's interface does not tell.
const GPU_BUDGET: u64 = 2 << 30;

pub enum Constants {
    /// For each output, its value for all samples.
    Kept(Vec<Tensor>),
    Recomputed(Reason),
}

#[derive(Debug, PartialEq)]
pub enum Reason {
    /// There is one epoch only, or nothing to compute.
    NothingToSave,
    /// Of so many bytes, with room for so many.
    TooLarge(u64, u64),
    /// A value depends on the other samples of the batch.
    DependsOnBatch,
    /// The field that a teacher reads is another in each epoch.
    Augmented(String),
    /// The field that a teacher reads belongs to a data set that goes round beside the epochs.
    Beside(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NothingToSave => f.write_str("they are needed once"),
            Reason::TooLarge(bytes, room) => write!(
                f,
                "they would take {} MB, and {} MB is what they may",
                bytes / 1_000_000,
                room / 1_000_000
            ),
            Reason::Augmented(field) => {
                write!(f, "`{field}` is changed at random in each epoch")
            }
            Reason::Beside(field) => {
                write!(
                    f,
                    "`{field}` is of a data set that does not make the epochs"
                )
            }
            Reason::DependsOnBatch => {
                f.write_str("they depend on which samples come together in a batch")
            }
        }
    }
}

impl Constants {
    /// Computes them where that is possible and saves time.
    pub fn new(
        stage: &Stage,
        trainer: &mut Trainer,
        data: &DataSet,
        device: Device,
    ) -> Result<Constants> {
        if stage.constant.outputs.is_empty() || stage.epochs == Some(1) {
            return Ok(Constants::Recomputed(Reason::NothingToSave));
        }
        if let Some(reason) = other_each_time(stage, data) {
            return Ok(Constants::Recomputed(reason));
        }
        let Some(per_sample) = bytes_per_sample(stage) else {
            return Ok(Constants::Recomputed(Reason::DependsOnBatch));
        };
        let bytes = per_sample.saturating_mul(data.train.samples as u64);
        let room = budget(device);
        if bytes > room {
            return Ok(Constants::Recomputed(Reason::TooLarge(bytes, room)));
        }
        let size = data.batch_size().min(data.train.samples);
        if !independent_of_batch(trainer, &data.train, size)? {
            return Ok(Constants::Recomputed(Reason::DependsOnBatch));
        }
        Ok(Constants::Kept(compute(trainer, &data.train, size)?))
    }

    /// Those of the samples that `index` names, which are `batch`.
    pub fn of(&self, index: &Tensor, batch: &Batch, trainer: &mut Trainer) -> Result<Vec<Tensor>> {
        match self {
            Constants::Recomputed(_) => trainer.constants(batch),
            Constants::Kept(all) => all
                .iter()
                .map(|values| Ok(values.f_index_select(0, index)?))
                .collect(),
        }
    }
}

/// The constants of an experiment's stages, which all of its seeds share: teachers do not depend on a seed.
#[derive(Default)]
pub struct Answers {
    kept: RefCell<Vec<(Program, Rc<Constants>)>>,
}

impl Answers {
    /// Computes them for the first seed that asks.
    pub fn of_stage(
        &self,
        stage: &Stage,
        compute: impl FnOnce() -> Result<Constants>,
    ) -> Result<Rc<Constants>> {
        let known = self.kept.borrow().iter().find_map(|(program, constants)| {
            (*program == stage.constant).then(|| constants.clone())
        });
        if let Some(constants) = known {
            return Ok(constants);
        }
        let computed = Rc::new(compute()?);
        if let Constants::Kept(_) = *computed {
            let entry = (stage.constant.clone(), computed.clone());
            self.kept.borrow_mut().push(entry);
        }
        Ok(computed)
    }
}

/// A field that the teachers read and that is not the same for a sample in every epoch.
fn other_each_time(stage: &Stage, data: &DataSet) -> Option<Reason> {
    stage.constant.fields.iter().find_map(|read| {
        let own = data.plan.fields.iter();
        let mut own = own.map(|field| (format!("{}.{}", data.plan.name, field.name), field));
        match own.find(|(name, _)| name == read) {
            Some((_, field)) if field.augmented => Some(Reason::Augmented(read.clone())),
            Some(_) => None,
            None => Some(Reason::Beside(read.clone())),
        }
    })
}

/// None if an output has no row for each sample.
fn bytes_per_sample(stage: &Stage) -> Option<u64> {
    let shape_of = |value: &String| {
        let node = stage
            .constant
            .nodes
            .iter()
            .find(|node| node.value == *value);
        node.map(|node| &node.shape)
    };
    let mut bytes: u64 = 0;
    for output in &stage.constant.outputs {
        let shape: &Shape = shape_of(output)?;
        if shape.0.first() != Some(&Dim::batch()) {
            return None;
        }
        bytes = bytes.checked_add(shape.elements_per_sample()?.checked_mul(4)?)?;
    }
    Some(bytes)
}

/// Compares the same samples in different company: the first half of the first batch stands also at the end
/// of a batch that goes through the samples backwards. Batches of one show nothing and need nothing.
fn independent_of_batch(trainer: &mut Trainer, split: &Split, size: i64) -> Result<bool> {
    let straight = trainer.constants(&split.range(0, size)?)?;
    let half = size / 2;
    if half == 0 {
        return Ok(true);
    }
    let device = straight[0].device();
    let last = split.samples - 1;
    let company =
        Tensor::f_arange_start_step(last, last - (size - half), -1, (tch::Kind::Int64, device))?;
    let first = Tensor::f_arange(half, (tch::Kind::Int64, device))?;
    let mixed = trainer.constants(&split.gather(&Tensor::f_cat(&[company, first], 0)?)?)?;
    for (a, b) in straight.iter().zip(&mixed) {
        let (a, b) = (a.f_narrow(0, 0, half)?, b.f_narrow(0, size - half, half)?);
        if !a.f_allclose(&b, 1e-5, 1e-6, true)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// In whole batches: the last one starts earlier if it would be short.
fn compute(trainer: &mut Trainer, split: &Split, size: i64) -> Result<Vec<Tensor>> {
    let mut parts: Vec<Vec<Tensor>> = Vec::new();
    let mut done = 0;
    while done < split.samples {
        let start = done.min(split.samples - size);
        let values = trainer.constants(&split.range(start, size)?)?;
        parts.resize_with(values.len(), Vec::new);
        for (part, value) in parts.iter_mut().zip(values) {
            part.push(value.f_narrow(0, done - start, size - (done - start))?);
        }
        done = start + size;
    }
    parts
        .iter()
        .map(|part| Ok(Tensor::f_cat(part, 0)?))
        .collect()
}

/// How many bytes may be kept: two fifths of the memory that is free.
fn budget(device: Device) -> u64 {
    if device.is_cuda() {
        return GPU_BUDGET;
    }
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = info.lines().find_map(|line| {
        let rest = line.strip_prefix("MemAvailable:")?;
        rest.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    available.map_or(GPU_BUDGET, |kilobytes| kilobytes * 1024 / 5 * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{STUDENT, alone, data, parameters, plan, plan_with};
    use kdc::plan::Plan;

    /// The losses of an epoch's steps, bit by bit.
    fn losses(plan: &Plan, kept: bool) -> Vec<Vec<f64>> {
        let (data, parameters) = (data(plan), parameters(plan, 3));
        let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
        let constants = if kept {
            Constants::new(&plan.stages[0], &mut trainer, &data, Device::Cpu).unwrap()
        } else {
            Constants::Recomputed(Reason::NothingToSave)
        };
        assert_eq!(matches!(constants, Constants::Kept(_)), kept);
        let order = data.shuffled(3, 1).unwrap();
        let step = |start| {
            let index = order.narrow(0, start, 32);
            let batch = data.train.gather(&index).unwrap();
            let known = constants.of(&index, &batch, &mut trainer).unwrap();
            let losses = trainer.step(&batch, &known).unwrap().losses;
            Vec::<f64>::try_from(losses.to_kind(tch::Kind::Double)).unwrap()
        };
        [0, 32].map(step).to_vec()
    }

    #[test]
    fn keeping_the_teachers_outputs_changes_no_bit() {
        let _alone = alone();
        let plan = plan(STUDENT);
        assert_eq!(losses(&plan, true), losses(&plan, false));
    }

    #[test]
    fn what_depends_on_the_batch_is_not_kept() {
        let _alone = alone();
        let teacher = "
            use \"data.kd\"::images
            model Deep() {
                input image: [N, 3, 32, 32]
                features = image -> conv2d(4, kernel: 3, padding: 1) -> relu -> max_pool2d(4)
                raw = features -> flatten -> linear(10)
                output logits = raw - mean(raw, dim: 0, keep: true)
            }
            student deep = Deep()
            edge images.label ~> deep.logits by cross_entropy
            train on images { epochs: 2, optimizer: adam(lr: 0.001), seed: 42 }
        ";
        let plan = plan_with(STUDENT, teacher);
        let (data, parameters) = (data(&plan), parameters(&plan, 3));
        let mut trainer = Trainer::new(&plan.stages[0], &data.fields(), &parameters, None).unwrap();
        let constants = Constants::new(&plan.stages[0], &mut trainer, &data, Device::Cpu).unwrap();
        assert!(matches!(
            constants,
            Constants::Recomputed(Reason::DependsOnBatch)
        ));
    }

    #[test]
    fn what_augmented_pictures_give_is_not_kept() {
        let _alone = alone();
        let mut plan = plan(STUDENT);
        let field = plan.data[0].fields.iter_mut().find(|f| f.name == "image");
        field.expect("an image").augmented = true;
        let (data, parameters) = (data(&plan), parameters(&plan, 3));
        let stage = &plan.stages[0];
        let mut trainer = Trainer::new(stage, &data.fields(), &parameters, None).unwrap();
        let constants = Constants::new(stage, &mut trainer, &data, Device::Cpu).unwrap();
        let Constants::Recomputed(reason) = constants else {
            panic!("they change with every epoch");
        };
        assert_eq!(reason, Reason::Augmented("images.image".into()));
    }
}
