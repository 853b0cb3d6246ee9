//! What the teachers give for the training samples, computed once and kept, as the plan says.
//!
//! A teacher does not learn, so that what it gives for a view of a sample is the same in every epoch, for every
//! seed and in every experiment. libtorch's kernels give a sample the same bits whatever else is in the batch,
//! as long as batches are equally long.

mod file;
mod head;
mod journal;
mod key;
mod making;
mod seen;
mod shelf;
mod sink;
mod table;

use crate::data::{Batch, DataSet, Epoch};
use crate::failure::Result;
use crate::parameters::Parameters;
use crate::trainer::Trainer;
use kdc::hash::Fnv;
use kdc::plan::{Keep, Stage};
use making::Work;
use seen::Seen;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use table::Table;
use tch::Tensor;

pub enum Constants {
    /// Rows for all samples.
    Kept(Table),
    /// Rows for the views of samples that have come up.
    Seen(Box<RefCell<Seen>>),
    Recomputed,
}

impl Constants {
    /// Computes what an epoch needs and is not kept yet; `later` are the epochs that follow it. Gives what is to
    /// be told the person who waits.
    pub fn prepare<'f>(
        &self,
        epoch: &Epoch,
        later: impl Iterator<Item = Result<Epoch<'f>>>,
        trainer: &mut Trainer,
    ) -> Result<Vec<String>> {
        match self {
            Constants::Seen(seen) => seen.borrow_mut().prepare(epoch, later, trainer),
            Constants::Kept(_) | Constants::Recomputed => Ok(Vec::new()),
        }
    }

    /// Those of a step's samples, which `index` names and which are `batch`.
    pub fn of(
        &self,
        (epoch, step): (&Epoch, i64),
        index: &Tensor,
        batch: &Batch,
        trainer: &mut Trainer,
    ) -> Result<Vec<Tensor>> {
        match self {
            Constants::Recomputed => trainer.constants(batch),
            Constants::Kept(table) => table.at(epoch.places(step)?, index),
            Constants::Seen(seen) => match seen.borrow().of(epoch, step)? {
                Some(values) => Ok(values),
                None => trainer.constants(batch),
            },
        }
    }
}

/// What a stage of training gives to [`Answers`].
pub struct Request<'a> {
    pub stage: &'a Stage,
    pub data: &'a DataSet,
    pub parameters: &'a Parameters,
    /// How often each sample is trained on, over all seeds.
    pub passes: u64,
    /// Tells the person who waits.
    pub say: &'a dyn Fn(&str),
}

/// The constants of all experiments of one call, which share them: teachers do not depend on a seed.
pub struct Answers {
    /// Where files of answers lie.
    folder: PathBuf,
    /// By the text of what they depend on.
    kept: RefCell<Vec<(String, Rc<Constants>)>>,
}

impl Answers {
    pub fn new(folder: PathBuf) -> Answers {
        Answers {
            folder,
            kept: RefCell::default(),
        }
    }

    /// Those of a stage: as they are known, or as the plan says.
    pub fn of_stage(&self, request: &Request, trainer: &mut Trainer) -> Result<Rc<Constants>> {
        let Some(cache) = &request.stage.cache else {
            return Ok(Rc::new(Constants::Recomputed));
        };
        let in_each_step = |reason: &str| {
            (request.say)(&format!("the teachers answer in each step: {reason}"));
            Ok(Rc::new(Constants::Recomputed))
        };
        if cache.keep == Keep::Off {
            return in_each_step(&cache.reason);
        }
        let key = key::key(request.stage, request.data, request.parameters)?;
        let known = self
            .kept
            .borrow()
            .iter()
            .find_map(|(known, constants)| (*known == key).then(|| constants.clone()));
        if let Some(constants) = known {
            (request.say)("the teachers' answers are there from the run before");
            return Ok(constants);
        }
        let mut work = Work {
            request,
            cache,
            trainer,
            path: self
                .folder
                .join(format!("{:016x}", Fnv::of(key.as_bytes()))),
            key,
        };
        let constants = match work.constants()? {
            Ok(constants) => Rc::new(constants),
            Err(reason) => return in_each_step(&reason),
        };
        self.kept.borrow_mut().push((work.key, constants.clone()));
        Ok(constants)
    }
}

#[cfg(test)]
mod tests;
