//! Answers to the views of samples that have come up, where augmentation makes finitely many of each.
//!
//! What an epoch will see is known when it begins: all is drawn from its seed. Views that are new are computed
//! then, in whole batches, so that they get the same bits as in any other batch of that size. Places that an epoch's
//! last batch has left are taken by views that later epochs would see first: so no view is computed twice, and
//! answering all views before training could never take fewer batches.

use super::making::part;
use super::shelf::Shelf;
use crate::data::{Batch, Epoch};
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::layout;
use crate::shim;
use crate::trainer::Trainer;
use kdc::plan::views::Draw;
use std::collections::HashSet;
use tch::Tensor;

pub struct Seen {
    draws: Vec<Draw>,
    shelf: Shelf,
    /// In a batch of the teachers.
    size: usize,
}

/// New views that do not fill a batch yet.
#[derive(Default)]
struct Waiting {
    views: Vec<u64>,
    /// The same.
    set: HashSet<u64>,
    /// Parts of each field.
    fields: Vec<Vec<Tensor>>,
}

impl Seen {
    pub fn new(draws: Vec<Draw>, shelf: Shelf, size: usize) -> Seen {
        Seen { draws, shelf, size }
    }

    /// Computes what the epoch will see for the first time; `later` are those that follow it. Gives what is to be
    /// told.
    pub fn prepare<'f>(
        &mut self,
        epoch: &Epoch,
        later: impl Iterator<Item = Result<Epoch<'f>>>,
        trainer: &mut Trainer,
    ) -> Result<Vec<String>> {
        let (mut waiting, mut remarks) = (Waiting::default(), Vec::new());
        for step in 0..epoch.steps() {
            self.gather(epoch, step, usize::MAX, &mut waiting)?;
            while waiting.views.len() >= self.size {
                remarks.extend(self.compute(&mut waiting, trainer)?);
            }
            if interrupt::requested() {
                return Err(Failure::Interrupted);
            }
        }
        for epoch in later {
            if waiting.views.is_empty() || waiting.views.len() == self.size {
                break;
            }
            let epoch = epoch?;
            for step in 0..epoch.steps() {
                let left = self.size - waiting.views.len();
                self.gather(&epoch, step, left, &mut waiting)?;
            }
        }
        if !waiting.views.is_empty() {
            remarks.extend(self.compute(&mut waiting, trainer)?);
        }
        Ok(remarks)
    }

    /// Those of a step of the epoch for which it was prepared; none if some could not be kept.
    pub fn of(&self, epoch: &Epoch, step: i64) -> Result<Option<Vec<Tensor>>> {
        let values = self.shelf.at(&epoch.views(step, &self.draws)?)?;
        match values.is_none() && self.shelf.open {
            true => Err(Failure::Bug("a view was not prepared".into())),
            false => Ok(values),
        }
    }

    /// Adds a step's new views to those that wait, `most` of them.
    fn gather(&self, epoch: &Epoch, step: i64, most: usize, waiting: &mut Waiting) -> Result<()> {
        if !self.shelf.open || most == 0 {
            return Ok(());
        }
        let views = epoch.views(step, &self.draws)?.into_iter().enumerate();
        let new = views.filter(|(_, view)| !self.shelf.holds(*view) && !waiting.set.contains(view));
        let (places, new): (Vec<usize>, Vec<u64>) = new.take(most).unzip();
        if !new.is_empty() {
            waiting.add(&epoch.batch(step)?.1, &places, &new)?;
        }
        Ok(())
    }

    /// The answers to one batch of what waits.
    fn compute(&mut self, waiting: &mut Waiting, trainer: &mut Trainer) -> Result<Option<String>> {
        let (batch, views) = waiting.take(self.size)?;
        if !self.shelf.open {
            return Ok(None);
        }
        let values = trainer.constants(&batch)?;
        self.shelf
            .put(&views, &part(&values, 0, views.len() as i64)?)
    }
}

impl Waiting {
    fn add(&mut self, batch: &Batch, places: &[usize], views: &[u64]) -> Result<()> {
        self.fields.resize_with(batch.fields.len(), Vec::new);
        let places: Vec<i64> = places.iter().map(|place| *place as i64).collect();
        for (parts, field) in self.fields.iter_mut().zip(&batch.fields) {
            let index = shim::upload(&Tensor::f_from_slice(&places)?, field.device())?;
            parts.push(like(field, field.f_index_select(0, &index)?)?);
        }
        self.views.extend(views);
        self.set.extend(views);
        Ok(())
    }

    /// A whole batch and its views: behind them it is filled up with the first.
    fn take(&mut self, size: usize) -> Result<(Batch, Vec<u64>)> {
        let new = size.min(self.views.len());
        let left = (self.views.len() - new) as i64;
        let index: Vec<i64> = (0..size)
            .map(|i| if i < new { i as i64 } else { 0 })
            .collect();
        let mut fields = Vec::new();
        for parts in &mut self.fields {
            let all = Tensor::f_cat(&parts[..], 0)?;
            let taken = match new == size {
                true => all.f_narrow(0, 0, size as i64)?,
                false => all
                    .f_index_select(0, &Tensor::f_from_slice(&index)?.f_to_device(all.device())?)?,
            };
            fields.push(like(&parts[0], taken)?);
            *parts = match left {
                0 => Vec::new(),
                left => vec![like(&parts[0], all.f_narrow(0, new as i64, left)?)?],
            };
        }
        let views: Vec<u64> = self.views.drain(..new).collect();
        views.iter().for_each(|view| {
            self.set.remove(view);
        });
        let size = size as i64;
        Ok((Batch { fields, size }, views))
    }
}

/// In the memory layout of another: convolutions choose their kernel by it.
fn like(example: &Tensor, values: Tensor) -> Result<Tensor> {
    match layout::is_channels_last(example)? {
        true => Ok(layout::channels_last(&values)?),
        false => Ok(values.f_contiguous()?),
    }
}
