//! The batches of a stage: one data set makes the epochs, others go round beside it.

use super::picture::outcome;
use super::{Batch, DataSet, Moment};
use crate::failure::Result;
use crate::random::{derive_seed, permutation};
use kdc::plan::views::Draw;
use std::ops::RangeInclusive;
use std::rc::Rc;
use tch::Tensor;

pub struct Feed {
    main: Rc<DataSet>,
    beside: Vec<Rc<DataSet>>,
    seed: u64,
}

/// One epoch's samples, in order.
pub struct Epoch<'f> {
    feed: &'f Feed,
    number: u64,
    /// Of the data set that makes the epochs.
    order: Order,
    /// Of each of the others, as many.
    beside: Vec<Order>,
}

/// Samples in order, by their places in the data set.
struct Order {
    places: Vec<i64>,
    /// The same, on the device.
    index: Tensor,
}

impl Feed {
    pub fn new(main: Rc<DataSet>, beside: Vec<Rc<DataSet>>, seed: u64) -> Feed {
        Feed { main, beside, seed }
    }

    /// The names of a batch's values, in order: `images.image`.
    pub fn fields(&self) -> Vec<String> {
        let all = std::iter::once(&self.main).chain(&self.beside);
        all.flat_map(|data| data.fields()).collect()
    }

    /// Of an epoch.
    pub fn steps(&self) -> i64 {
        self.main.steps()
    }

    /// Epochs count from 1.
    pub fn epoch(&self, epoch: u64) -> Result<Epoch<'_>> {
        let beside = self.beside.iter().map(|data| self.round(data, epoch));
        let order = self.main.shuffled(self.seed, epoch);
        Ok(Epoch {
            feed: self,
            number: epoch,
            order: Order::new(order, &self.main)?,
            beside: beside.collect::<Result<_>>()?,
        })
    }

    /// One after the other.
    pub fn epochs(&self, numbers: RangeInclusive<u64>) -> impl Iterator<Item = Result<Epoch<'_>>> {
        numbers.map(|number| self.epoch(number))
    }

    /// The epoch's part of endless rounds through a data set, each in an order of its own.
    fn round(&self, data: &DataSet, epoch: u64) -> Result<Order> {
        let (wanted, there) = (self.main.train.samples as u64, data.train.samples as u64);
        let purpose = format!("beside {}", data.plan.name);
        let first = (epoch - 1) * wanted;
        let rounds = first / there..=(first + wanted) / there;
        let orders = rounds
            .flat_map(|round| permutation(there as usize, derive_seed(&purpose, self.seed, round)));
        let places: Vec<i64> = orders
            .skip((first % there) as usize)
            .take(wanted as usize)
            .collect();
        Order::new(places, data)
    }
}

impl Epoch<'_> {
    pub fn steps(&self) -> i64 {
        self.feed.steps()
    }

    /// Where a step's samples begin in the epoch's order, and how many they are.
    fn place(&self, step: i64) -> (i64, i64) {
        let main = &self.feed.main;
        let from = step * main.batch_size();
        (from, main.batch_size().min(main.train.samples - from))
    }

    fn moment(&self, step: i64) -> Moment {
        Moment {
            seed: self.feed.seed,
            epoch: self.number,
            step: step as u64,
        }
    }

    /// Which view of which sample each of a step's samples will be: the sample's place times the number of
    /// views, plus that of the view.
    pub fn views(&self, step: i64, draws: &[Draw]) -> Result<Vec<u64>> {
        let (from, size) = self.place(step);
        let (samples, _) = self.order.part(from, size)?;
        let mut views: Vec<u64> = samples.iter().map(|sample| *sample as u64).collect();
        for draw in draws {
            let mut generator = self.moment(step).transform(draw.transform);
            for view in &mut views {
                *view = *view * draw.outcomes.count() + outcome(draw.outcomes, &mut generator);
            }
        }
        Ok(views)
    }

    /// The samples of a step, from 0 on, and their places in the data set that makes the epochs.
    pub fn batch(&self, step: i64) -> Result<(Tensor, Batch)> {
        let main = &self.feed.main;
        let (from, size) = self.place(step);
        let (places, index) = self.order.part(from, size)?;
        let moment = self.moment(step);
        let mut batch = main.train.gather_at(moment, places, &index)?;
        for (data, order) in self.feed.beside.iter().zip(&self.beside) {
            let (places, index) = order.part(from, size)?;
            let more = data.train.gather_at(moment, places, &index)?;
            batch.fields.extend(more.fields);
        }
        Ok((index, batch))
    }

    /// The places of a step's samples in the data set that makes the epochs.
    pub fn places(&self, step: i64) -> Result<&[i64]> {
        let (from, size) = self.place(step);
        Ok(self.order.part(from, size)?.0)
    }
}

impl Order {
    fn new(places: Vec<i64>, data: &DataSet) -> Result<Order> {
        let index = data.on_device(&places)?;
        Ok(Order { places, index })
    }

    fn part(&self, from: i64, size: i64) -> Result<(&[i64], Tensor)> {
        let places = &self.places[from as usize..(from + size) as usize];
        Ok((places, self.index.f_narrow(0, from, size)?))
    }
}
