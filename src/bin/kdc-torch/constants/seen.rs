//! Answers to the views of samples that have come up, where augmentation makes finitely many of each.
//!
//! What an epoch will see is known when it begins: all is drawn from its seed. Views that are new are computed
//! then, in whole batches, so that they get the same bits as in any other batch of that size, and filling the
//! table never costs more passes than enumerating all views would.

use super::part;
use super::table::{Sheet, Table};
use crate::data::{Batch, Epoch};
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::layout;
use crate::trainer::Trainer;
use kdc::plan::views::Draw;
use std::collections::HashMap;
use tch::{Device, Tensor};

pub struct Seen {
    draws: Vec<Draw>,
    /// The row of each view that has come up.
    rows: HashMap<u64, i64>,
    table: Table,
    room: i64,
    written: i64,
    /// In a batch of the teachers.
    size: i64,
    device: Device,
}

/// New views that do not fill a batch yet.
#[derive(Default)]
struct Waiting {
    /// Parts of each field.
    fields: Vec<Vec<Tensor>>,
    count: i64,
}

impl Seen {
    pub fn new(draws: Vec<Draw>, sheets: &[Sheet], size: i64, device: Device) -> Result<Seen> {
        Ok(Seen {
            draws,
            rows: HashMap::new(),
            table: Table::empty(sheets, 0, device)?,
            room: 0,
            written: 0,
            size,
            device,
        })
    }

    /// Computes what the epoch will see for the first time.
    pub fn prepare(&mut self, epoch: &Epoch, trainer: &mut Trainer) -> Result<()> {
        let mut waiting = Waiting::default();
        for step in 0..epoch.steps() {
            let mut new = Vec::new();
            for (place, view) in epoch.views(step, &self.draws)?.into_iter().enumerate() {
                let next = self.rows.len() as i64;
                self.rows.entry(view).or_insert_with(|| {
                    new.push(place as i64);
                    next
                });
            }
            if new.is_empty() {
                continue;
            }
            self.make_room()?;
            waiting.add(&epoch.batch(step)?.1, &new)?;
            while waiting.count >= self.size {
                self.compute(&mut waiting, trainer)?;
            }
            if interrupt::requested() {
                return Err(Failure::Interrupted);
            }
        }
        match waiting.count {
            0 => Ok(()),
            _ => self.compute(&mut waiting, trainer),
        }
    }

    /// Those of a step of the epoch for which it was prepared.
    pub fn of(&self, epoch: &Epoch, step: i64) -> Result<Vec<Tensor>> {
        let views = epoch.views(step, &self.draws)?;
        let rows: Option<Vec<i64>> = views.iter().map(|v| self.rows.get(v).copied()).collect();
        let rows = rows.ok_or_else(|| Failure::Bug("a view was not prepared".into()))?;
        let index = Tensor::f_from_slice(&rows)?.f_to_device(self.device)?;
        self.table.at(&index)
    }

    /// The answers to one batch of what waits.
    fn compute(&mut self, waiting: &mut Waiting, trainer: &mut Trainer) -> Result<()> {
        let (batch, new) = waiting.take(self.size)?;
        let values = trainer.constants(&batch)?;
        let values = part(&values, 0, new)?;
        self.table.put(self.written, &values)?;
        self.written += new;
        Ok(())
    }

    /// Half as much again where it is too little.
    fn make_room(&mut self) -> Result<()> {
        let needed = self.rows.len() as i64;
        if needed <= self.room {
            return Ok(());
        }
        let room = needed.max(self.room / 2 * 3);
        let mut larger = Table::empty(&self.table.sheets, room, self.device)?;
        for (from, to) in self.table.rows.iter().zip(&mut larger.rows) {
            let mut to = to.f_narrow(0, 0, self.written)?;
            to.f_copy_(&from.f_narrow(0, 0, self.written)?)?;
        }
        self.table = larger;
        self.room = room;
        Ok(())
    }
}

impl Waiting {
    fn add(&mut self, batch: &Batch, chosen: &[i64]) -> Result<()> {
        self.fields.resize_with(batch.fields.len(), Vec::new);
        for (parts, field) in self.fields.iter_mut().zip(&batch.fields) {
            let index = Tensor::f_from_slice(chosen)?.f_to_device(field.device())?;
            parts.push(like(field, field.f_index_select(0, &index)?)?);
        }
        self.count += chosen.len() as i64;
        Ok(())
    }

    /// A whole batch, and how many of its samples are new: the last one is filled up with the first sample.
    fn take(&mut self, size: i64) -> Result<(Batch, i64)> {
        let new = size.min(self.count);
        let mut fields = Vec::new();
        for parts in &mut self.fields {
            let all = Tensor::f_cat(&parts[..], 0)?;
            let mut taken = all.f_narrow(0, 0, new)?;
            if new < size {
                let index: Vec<i64> = (0..size).map(|i| if i < new { i } else { 0 }).collect();
                let index = Tensor::f_from_slice(&index)?.f_to_device(all.device())?;
                taken = taken.f_index_select(0, &index)?;
            }
            fields.push(like(&parts[0], taken)?);
            *parts = match self.count - new {
                0 => Vec::new(),
                left => vec![like(&parts[0], all.f_narrow(0, new, left)?)?],
            };
        }
        self.count -= new;
        Ok((Batch { fields, size }, new))
    }
}

/// In the memory layout of another: convolutions choose their kernel by it.
fn like(example: &Tensor, values: Tensor) -> Result<Tensor> {
    match layout::is_channels_last(example)? {
        true => layout::channels_last(&values),
        false => Ok(values.f_contiguous()?),
    }
}
