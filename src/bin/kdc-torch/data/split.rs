//! A part of a data set: what the source gave, as it is kept, and the recipe that makes batches of it.

use super::Batch;
use super::files::Pictures;
use super::recipe::{Moment, Recipe, Value};
use super::samples::{Samples, Values};
use crate::failure::{Failure, Result};
use crate::random::{derive_seed, permutation};
use kdc::program::data::INDEX;
use std::rc::Rc;
use tch::{Device, Kind, Tensor};

pub struct Split {
    columns: Columns,
    recipe: Rc<Recipe>,
    pub samples: i64,
}

/// In a recipe's order.
pub struct Columns {
    names: Vec<String>,
    columns: Vec<Column>,
    samples: i64,
}

enum Column {
    /// On the device, or on the CPU.
    Resident(Tensor),
    /// Each sample's place among the pictures.
    Pictures(Rc<Pictures>, Vec<i64>),
    /// Each sample's place in its split, on the device.
    Index(Tensor),
}

/// The samples that are wanted.
#[derive(Clone, Copy)]
enum Pick<'a> {
    /// The same on the CPU and on the device: neither has to wait for the other.
    Places(&'a [i64], &'a Tensor),
    Range {
        start: i64,
        size: i64,
    },
}

impl Columns {
    /// Those of a recipe. What it changes picture by picture stays on the CPU, where a picture is worth a kernel.
    pub fn upload(recipe: &Recipe, samples: &Samples, device: Device) -> Result<Columns> {
        let (names, count) = (&recipe.columns, samples.count);
        let columns = names
            .iter()
            .enumerate()
            .map(|(slot, name)| match samples.column(name) {
                _ if name == INDEX => Ok(Column::Index(places(count, device)?)),
                Some(Values::Tensor(tensor)) if recipe.changes_one_by_one(slot) => {
                    Ok(Column::Resident(tensor.shallow_clone()))
                }
                Some(Values::Tensor(tensor)) => Ok(Column::Resident(tensor.f_to_device(device)?)),
                Some(Values::Pictures(pictures)) => {
                    Ok(Column::Pictures(pictures.clone(), (0..count).collect()))
                }
                None => Err(Failure::Bug(format!(
                    "no source has the field `{name}` of the plan"
                ))),
            });
        Ok(Columns {
            names: names.to_vec(),
            columns: columns.collect::<Result<_>>()?,
            samples: count,
        })
    }

    /// Takes the given fraction of the samples away, the same ones in every run.
    pub fn split_off(&mut self, fraction: f64) -> Result<Columns> {
        let order = permutation(self.samples as usize, derive_seed("hold_out", 0, 0));
        let (apart, kept) = order.split_at((self.samples as f64 * fraction) as usize);
        let hold_out = self.select(apart)?;
        *self = self.select(kept)?;
        Ok(hold_out)
    }

    fn select(&self, chosen: &[i64]) -> Result<Columns> {
        let samples = chosen.len() as i64;
        let columns = self.columns.iter().map(|column| {
            Ok(match column {
                Column::Resident(values) => {
                    let index = Tensor::f_from_slice(chosen)?.f_to_device(values.device())?;
                    Column::Resident(values.f_index_select(0, &index)?)
                }
                Column::Pictures(pictures, all) => {
                    let chosen = chosen.iter().map(|place| all[*place as usize]);
                    Column::Pictures(pictures.clone(), chosen.collect())
                }
                Column::Index(values) => Column::Index(places(samples, values.device())?),
            })
        });
        Ok(Columns {
            names: self.names.clone(),
            columns: columns.collect::<Result<_>>()?,
            samples,
        })
    }

    /// Those of the given names.
    pub fn named(&self, names: &[String]) -> Result<Columns> {
        let columns = names.iter().map(|name| {
            let place = self.names.iter().position(|known| known == name);
            let column = place.map(|place| self.columns[place].share());
            column.ok_or_else(|| Failure::Bug(format!("there is no column `{name}`")))
        });
        Ok(Columns {
            names: names.to_vec(),
            columns: columns.collect::<Result<_>>()?,
            samples: self.samples,
        })
    }

    /// All samples, as a recipe takes them.
    pub fn all(&self) -> Result<Vec<Value>> {
        self.values(Pick::Range {
            start: 0,
            size: self.samples,
        })
    }

    fn values(&self, pick: Pick) -> Result<Vec<Value>> {
        let value = |column: &Column| match (column, pick) {
            (Column::Resident(values) | Column::Index(values), Pick::Places(places, index)) => {
                let chosen = match values.device() == index.device() {
                    true => values.f_index_select(0, index)?,
                    false => values.f_index_select(0, &Tensor::f_from_slice(places)?)?,
                };
                Ok(Value::Batch(chosen))
            }
            (Column::Resident(values) | Column::Index(values), Pick::Range { start, size }) => {
                Ok(Value::Batch(values.f_narrow(0, start, size)?))
            }
            (Column::Pictures(pictures, all), Pick::Places(places, _)) => {
                let chosen: Vec<i64> = places.iter().map(|place| all[*place as usize]).collect();
                Ok(Value::Pictures(pictures.at(&chosen)?))
            }
            (Column::Pictures(pictures, all), Pick::Range { start, size }) => {
                let chosen = &all[start as usize..(start + size) as usize];
                Ok(Value::Pictures(pictures.at(chosen)?))
            }
        };
        self.columns.iter().map(value).collect()
    }
}

impl Column {
    fn share(&self) -> Column {
        match self {
            Column::Resident(values) => Column::Resident(values.shallow_clone()),
            Column::Pictures(pictures, all) => Column::Pictures(pictures.clone(), all.clone()),
            Column::Index(values) => Column::Index(values.shallow_clone()),
        }
    }
}

fn places(count: i64, device: Device) -> Result<Tensor> {
    Ok(Tensor::f_arange(count, (Kind::Int64, device))?)
}

impl Split {
    pub fn new(columns: Columns, recipe: &Rc<Recipe>) -> Split {
        Split {
            samples: columns.samples,
            columns,
            recipe: recipe.clone(),
        }
    }

    /// The samples that `index` names, as evaluation sees them.
    pub fn gather(&self, index: &Tensor) -> Result<Batch> {
        let places = Vec::<i64>::try_from(index)?;
        self.batch(index.size()[0], None, Pick::Places(&places, index))
    }

    /// Those at the places, which `index` holds on the device, as training sees them at a moment.
    pub fn gather_at(&self, moment: Moment, places: &[i64], index: &Tensor) -> Result<Batch> {
        let size = places.len() as i64;
        self.batch(size, Some(moment), Pick::Places(places, index))
    }

    /// `size` samples in order, from `start` on, as evaluation sees them.
    pub fn range(&self, start: i64, size: i64) -> Result<Batch> {
        self.batch(size, None, Pick::Range { start, size })
    }

    fn batch(&self, size: i64, moment: Option<Moment>, pick: Pick) -> Result<Batch> {
        Ok(Batch {
            fields: self.recipe.apply(self.columns.values(pick)?, moment)?,
            size,
        })
    }

    /// The column at a place, where it is no pictures.
    #[cfg(test)]
    pub fn tensor(&self, place: usize) -> &Tensor {
        match &self.columns.columns[place] {
            Column::Resident(values) | Column::Index(values) => values,
            Column::Pictures(..) => panic!("pictures"),
        }
    }
}
