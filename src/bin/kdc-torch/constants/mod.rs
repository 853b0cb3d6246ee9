//! What the teachers give for the training samples, computed once and kept, as the plan says.
//!
//! A teacher does not learn, so that what it gives for a view of a sample is the same in every epoch, for every
//! seed and in every experiment. libtorch's kernels give a sample the same bits whatever else is in the batch,
//! as long as batches are equally long.

mod file;
mod key;
mod seen;
mod sink;
mod table;

use crate::data::{Batch, DataSet, Epoch, Split};
use crate::failure::Result;
use crate::parameters::Parameters;
use crate::trainer::Trainer;
use kdc::hash::Fnv;
use kdc::plan::cache::{self, Cache};
use kdc::plan::views::distinct;
use kdc::plan::{Keep, Stage};
use seen::Seen;
use sink::Sink;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use table::{Sheet, Table, bytes};
use tch::{Device, Tensor};

/// On a GPU, whose free memory libtorch's interface does not tell.
const GPU_BUDGET: u64 = 2 << 30;

pub enum Constants {
    /// Rows for all samples.
    Kept(Table),
    /// Rows for the views of samples that have come up.
    Seen(RefCell<Seen>),
    Recomputed,
}

/// What is kept, or why nothing is.
type Made = std::result::Result<Constants, String>;

impl Constants {
    /// Computes what an epoch needs and is not kept yet.
    pub fn prepare(&self, epoch: &Epoch, trainer: &mut Trainer) -> Result<()> {
        match self {
            Constants::Seen(seen) => seen.borrow_mut().prepare(epoch, trainer),
            Constants::Kept(_) | Constants::Recomputed => Ok(()),
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
            Constants::Kept(table) => table.at(index),
            Constants::Seen(seen) => seen.borrow().of(epoch, step),
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
                .join(format!("{:016x}.answers", Fnv::of(key.as_bytes()))),
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

/// Answers in the making.
struct Work<'a> {
    request: &'a Request<'a>,
    cache: &'a Cache,
    trainer: &'a mut Trainer,
    key: String,
    /// Of the file that holds them, or will.
    path: PathBuf,
}

impl Work<'_> {
    fn say(&self, remark: &str) {
        (self.request.say)(remark);
    }

    fn constants(&mut self) -> Result<Made> {
        let data = self.request.data;
        let draws = match cache::draws(self.request.stage, &data.plan) {
            Ok(draws) => draws,
            Err(why) => return Ok(Err(why)),
        };
        if draws.is_empty()
            && self.cache.keep != Keep::Memory
            && let Some(table) = self.left_before()?
        {
            return Ok(Ok(Constants::Kept(table)));
        }
        let size = data.batch_size().min(data.train.samples);
        let straight = self.trainer.constants(&data.train.range(0, size)?)?;
        if !independent_of_batch(self.trainer, &data.train, &straight, size)? {
            let why = "they depend on which samples come together in a batch";
            return Ok(Err(why.to_string()));
        }
        let sheet = |value| Sheet::of(value, self.cache.store);
        let sheets: Vec<Sheet> = straight.iter().map(sheet).collect::<Result<_>>()?;
        if draws.is_empty() {
            return self.whole(&sheets, size);
        }
        let passes = self.request.passes as f64;
        let views = distinct(self.cache.views, passes) * data.train.samples as f64;
        let (bytes, room) = (bytes(&sheets, views as u64), memory(self.device()));
        if bytes > room {
            return Ok(Err(too_large(bytes, room)));
        }
        self.say(&format!(
            "the teachers answer once for each view of a sample: up to {} in memory",
            megabytes(bytes)
        ));
        let seen = Seen::new(draws, &sheets, size, self.device())?;
        Ok(Ok(Constants::Seen(RefCell::new(seen))))
    }

    fn device(&self) -> Device {
        self.request.parameters.device()
    }

    /// What an earlier experiment has left, if it is whole and the same.
    fn left_before(&self) -> Result<Option<Table>> {
        let path = self.path.display().to_string();
        let table = match file::read(&self.path, &self.key) {
            Ok(Some(table)) => table,
            Ok(None) => return Ok(None),
            Err(why) => {
                self.say(&format!(
                    "`{path}` is not used: {why}; the teachers answer again"
                ));
                return Ok(None);
            }
        };
        self.say(&format!("the teachers' answers are read from `{path}`"));
        self.placed(table).map(Some)
    }

    /// In memory where there is room and nothing else is asked for.
    fn placed(&self, mut table: Table) -> Result<Table> {
        let samples = self.request.data.train.samples;
        let fits = bytes(&table.sheets, samples as u64) <= memory(self.device());
        if self.cache.keep == Keep::Auto && fits {
            for rows in &mut table.rows {
                *rows = rows.f_to_device_(self.device(), rows.kind(), false, true)?;
            }
        }
        Ok(table)
    }

    /// The answers to all samples, once.
    fn whole(&mut self, sheets: &[Sheet], size: i64) -> Result<Made> {
        let samples = self.request.data.train.samples;
        let bytes = bytes(sheets, samples as u64);
        let (memory, disk) = (memory(self.device()), disk(&self.path));
        let in_memory = self.cache.keep != Keep::Disk && bytes <= memory;
        let on_disk = self.cache.keep != Keep::Memory && bytes <= disk;
        let path = self.path.display().to_string();
        let places = match (in_memory, on_disk) {
            (true, false) => "in memory".to_string(),
            (true, true) => format!("in memory and in `{path}`"),
            (false, true) => format!("in `{path}`"),
            (false, false) => return Ok(Err(too_large(bytes, memory.max(disk)))),
        };
        self.say(&format!(
            "the teachers answer once; {} are kept {places}",
            megabytes(bytes)
        ));
        let writer = || file::Writer::new(&self.path, &self.key, sheets, samples);
        let table = match in_memory {
            true => Some(Table::empty(sheets, samples, self.device())?),
            false => None,
        };
        let mut sink = Sink::new(table, on_disk.then(writer));
        let split = &self.request.data.train;
        compute(self.trainer, split, size, |from, values| {
            sink.put(from, values)
        })?;
        let (table, failure) = sink.finish();
        let failure = failure.map(|e| format!("`{path}` cannot be written: {e}"));
        let Some(table) = table else {
            return Ok(Err(failure.unwrap_or_default()));
        };
        if let Some(failure) = failure {
            self.say(&failure);
        }
        Ok(Ok(Constants::Kept(table)))
    }
}

/// So many rows of all values, from one on.
fn part(values: &[Tensor], from: i64, count: i64) -> Result<Vec<Tensor>> {
    let parts = values.iter().map(|value| value.f_narrow(0, from, count));
    Ok(parts.collect::<std::result::Result<_, _>>()?)
}

/// Compares the same samples in different company: the first half of the first batch, `straight`, stands also
/// at the end of a batch that goes through the samples backwards. Batches of one show nothing and need nothing.
fn independent_of_batch(
    trainer: &mut Trainer,
    split: &Split,
    straight: &[Tensor],
    size: i64,
) -> Result<bool> {
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
    let (alone, mixed) = (part(straight, 0, half)?, part(&mixed, size - half, half)?);
    for (a, b) in alone.iter().zip(&mixed) {
        if !a.f_allclose(b, 1e-5, 1e-6, true)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// In whole batches: the last one starts earlier if it would be short. `keep` takes the values from a sample on, and
/// says whether it takes more.
fn compute(
    trainer: &mut Trainer,
    split: &Split,
    size: i64,
    mut keep: impl FnMut(i64, &[Tensor]) -> Result<bool>,
) -> Result<()> {
    let mut done = 0;
    while done < split.samples {
        let start = done.min(split.samples - size);
        let values = trainer.constants(&split.range(start, size)?)?;
        let new = size - (done - start);
        if !keep(done, &part(&values, done - start, new)?)? {
            break;
        }
        done = start + size;
        if crate::interrupt::requested() {
            return Err(crate::failure::Failure::Interrupted);
        }
    }
    Ok(())
}

/// How many bytes may be kept: two fifths of the memory that is free.
fn memory(device: Device) -> u64 {
    if device.is_cuda() {
        return GPU_BUDGET;
    }
    crate::memory::available().map_or(GPU_BUDGET, |bytes| bytes / 5 * 2)
}

/// How many bytes a file may take: a quarter of what is free.
fn disk(path: &Path) -> u64 {
    file::free_bytes(path) / 4
}

/// Answers of so many bytes, with room for so many.
fn too_large(bytes: u64, room: u64) -> String {
    let [bytes, room] = [bytes, room].map(megabytes);
    format!("they would take {bytes}, and {room} is what they may")
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

#[cfg(test)]
mod tests;
