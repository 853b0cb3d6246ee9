//! How what is kept comes about: where it goes, and what an earlier experiment has left of it.

use super::journal::Journal;
use super::seen::Seen;
use super::shelf::Shelf;
use super::sink::Sink;
use super::table::{Sheet, Table, bytes, unkept};
use super::{Constants, Request, file};
use crate::data::Split;
use crate::failure::Result;
use crate::shim;
use crate::trainer::Trainer;
use kdc::plan::Keep;
use kdc::plan::cache::{self, Cache};
use kdc::plan::views::{Draw, distinct};
use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use tch::{Device, Tensor};

/// Where nobody says how much memory is free.
const BUDGET: u64 = 2 << 30;

/// What is kept, or why nothing is.
type Made = std::result::Result<Constants, String>;

/// Answers in the making.
pub struct Work<'a> {
    pub request: &'a Request<'a>,
    pub cache: &'a Cache,
    pub trainer: &'a mut Trainer,
    pub key: String,
    /// Of the file that holds them, or will, without its ending.
    pub path: PathBuf,
}

/// Where answers may go.
struct Places {
    memory: bool,
    disk: bool,
}

impl Work<'_> {
    fn say(&self, remark: &str) {
        (self.request.say)(remark);
    }

    pub fn constants(&mut self) -> Result<Made> {
        let data = self.request.data;
        let draws = match cache::draws(self.request.stage, &data.plan) {
            Ok(draws) => draws,
            Err(why) => return Ok(Err(why)),
        };
        match draws.is_empty() {
            true => self.whole(),
            false => self.views(draws),
        }
    }

    /// Samples in a batch of the teachers.
    fn size(&self) -> i64 {
        let data = self.request.data;
        data.batch_size().min(data.train.samples)
    }

    /// How the answers are kept, or why they cannot be.
    fn sheets(&mut self) -> Result<std::result::Result<Vec<Sheet>, String>> {
        let (train, size) = (&self.request.data.train, self.size());
        let straight = self.trainer.constants(&train.range(0, size)?)?;
        if !independent_of_batch(self.trainer, train, &straight, size)? {
            let why = "they depend on which samples come together in a batch";
            return Ok(Err(why.to_string()));
        }
        let sheet = |value| Sheet::of(value, self.cache.store);
        straight.iter().map(sheet).collect::<Result<_>>().map(Ok)
    }

    /// Where so many bytes may go, or why nowhere.
    fn places(&self, bytes: u64) -> std::result::Result<Places, String> {
        let (memory, disk) = (memory(self.device()), disk(&self.path));
        let places = Places {
            memory: self.cache.keep != Keep::Disk && bytes <= memory,
            disk: self.cache.keep != Keep::Memory && bytes <= disk,
        };
        match places.memory || places.disk {
            true => Ok(places),
            false => Err(too_large(bytes, memory.max(disk))),
        }
    }

    /// Answers to the views of samples, as they come up.
    fn views(&mut self, draws: Vec<Draw>) -> Result<Made> {
        let path = self.path.with_extension("views");
        let mut left = self.views_left(&path);
        let sheets = match &left {
            Some(journal) => journal.sheets.clone(),
            None => match self.sheets()? {
                Ok(sheets) => sheets,
                Err(why) => return Ok(Err(why)),
            },
        };
        let samples = self.request.data.train.samples as f64;
        let new = distinct(self.cache.views, self.request.passes as f64) * samples;
        let there = left.as_ref().map_or(0, |journal| journal.records);
        let most = (there as f64 + new).min(self.cache.views as f64 * samples);
        let bytes = bytes(&sheets, most as u64);
        let mut places = match self.places(bytes) {
            Ok(places) => places,
            Err(why) => return Ok(Err(why)),
        };
        if places.disk && left.is_none() {
            match Journal::create(&path, &self.key, &sheets) {
                Ok(journal) => left = Some(journal),
                Err(e) if places.memory => self.say(&unwritten(&path, &e)),
                Err(e) => return Ok(Err(unwritten(&path, &e))),
            }
        }
        places.disk = left.as_ref().is_some_and(|journal| journal.writes);
        self.say(&format!(
            "the teachers answer once for each view of a sample; up to {} are kept {}",
            megabytes(bytes),
            places.named(&path)
        ));
        let shelf = Shelf::new(&sheets, places.memory, left, self.device())?;
        if shelf.views() > 0 {
            let (views, path) = (shelf.views(), path.display());
            self.say(&format!("{views} views are answered in `{path}`"));
        }
        let seen = Seen::new(draws, shelf, self.size() as usize);
        Ok(Ok(Constants::Seen(Box::new(RefCell::new(seen)))))
    }

    /// The views that earlier experiments have left.
    fn views_left(&self, path: &Path) -> Option<Journal> {
        if self.cache.keep == Keep::Memory {
            return None;
        }
        let opened = Journal::open(path, &self.key);
        opened.unwrap_or_else(|why| {
            self.say(&unused(path, &why));
            None
        })
    }

    fn device(&self) -> Device {
        self.request.parameters.device()
    }

    /// What an earlier experiment has left, if it is whole and the same.
    fn whole_left(&self, path: &Path) -> Result<Option<Table>> {
        if self.cache.keep == Keep::Memory {
            return Ok(None);
        }
        let table = match file::read(path, &self.key) {
            Ok(Some(table)) => table,
            Ok(None) => return Ok(None),
            Err(why) => {
                self.say(&unused(path, &why));
                return Ok(None);
            }
        };
        let path = path.display();
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
    fn whole(&mut self) -> Result<Made> {
        let path = self.path.with_extension("answers");
        if let Some(table) = self.whole_left(&path)? {
            return Ok(Ok(Constants::Kept(table)));
        }
        let sheets = match self.sheets()? {
            Ok(sheets) => sheets,
            Err(why) => return Ok(Err(why)),
        };
        let (samples, size) = (self.request.data.train.samples, self.size());
        let bytes = bytes(&sheets, samples as u64);
        let places = match self.places(bytes) {
            Ok(places) => places,
            Err(why) => return Ok(Err(why)),
        };
        self.say(&format!(
            "the teachers answer once; {} are kept {}",
            megabytes(bytes),
            places.named(&path)
        ));
        let writer = || file::Writer::new(&path, &self.key, &sheets, samples);
        let table = match places.memory {
            true => Some(Table::empty(&sheets, samples, self.device())?),
            false => None,
        };
        let mut sink = Sink::new(table, places.disk.then(writer));
        let mut too_large = None;
        let split = &self.request.data.train;
        compute(self.trainer, split, size, |from, values| {
            too_large = unkept(&sheets, values)?;
            Ok(too_large.is_none() && sink.put(from, values)?)
        })?;
        if let Some(why) = too_large {
            return Ok(Err(why));
        }
        let (table, failure) = sink.finish();
        let failure = failure.map(|e| unwritten(&path, &e));
        let Some(table) = table else {
            return Ok(Err(failure.unwrap_or_default()));
        };
        if let Some(failure) = failure {
            self.say(&failure);
        }
        Ok(Ok(Constants::Kept(table)))
    }
}

impl Places {
    fn named(&self, path: &Path) -> String {
        let path = path.display();
        match (self.memory, self.disk) {
            (true, true) => format!("in memory and in `{path}`"),
            (true, false) => "in memory".to_string(),
            (false, _) => format!("in `{path}`"),
        }
    }
}

fn unused(path: &Path, why: &str) -> String {
    let path = path.display();
    format!("`{path}` is not used: {why}; the teachers answer again")
}

fn unwritten(path: &Path, why: &io::Error) -> String {
    format!("`{}` cannot be written: {why}", path.display())
}

/// So many rows of all values, from one on.
pub fn part(values: &[Tensor], from: i64, count: i64) -> Result<Vec<Tensor>> {
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

/// How many bytes may be kept: two fifths of the device's memory that is free.
fn memory(device: Device) -> u64 {
    let free = match device {
        Device::Cuda(_) => shim::free_memory(device),
        _ => crate::memory::available(),
    };
    free.map_or(BUDGET, |bytes| bytes / 5 * 2)
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
