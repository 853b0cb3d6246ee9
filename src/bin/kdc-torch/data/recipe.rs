//! The transforms of a data set, applied to the samples of one batch.

use super::mix::Mixing;
use super::picture::{self, real};
use crate::failure::{Failure, Result};
use crate::random::Generator;
use kdc::plan::{self, PictureChange, Transform, When};
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Transforms in order, with names resolved to slots: the source's columns first, then what transforms make.
pub struct Recipe {
    /// The columns that are needed, each in the slot of its place.
    pub columns: Vec<String>,
    steps: Vec<Step>,
    slots: usize,
    /// Where the data set's fields are in the end.
    fields: Vec<usize>,
    mixing: Option<Mixing>,
}

struct Step {
    slot: usize,
    when: When,
    change: Change,
}

/// A step of training, for which something is drawn at random.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub seed: u64,
    /// From 1 on.
    pub epoch: u64,
    /// Of the epoch, from 0 on.
    pub step: u64,
}

impl Moment {
    /// What is drawn at this moment for a purpose.
    pub fn draw(self, purpose: &str) -> Generator {
        Generator::new(purpose, self.seed, (self.epoch << 32) + self.step)
    }
}

enum Change {
    Copy {
        from: usize,
    },
    /// Both `[C, 1, 1]`.
    Normalize {
        mean: Tensor,
        std: Tensor,
    },
    Picture(PictureChange),
}

impl Recipe {
    pub fn new(plan: &plan::DataSet, device: Device) -> Result<Recipe> {
        let mut names = Names::default();
        let mut steps = Vec::new();
        // columns come before what is made of them
        let mut made: Vec<&str> = Vec::new();
        for transform in &plan.transforms {
            match transform.from() {
                Some(from) => {
                    if !made.contains(&from) {
                        names.column(from);
                    }
                    made.push(transform.field());
                }
                None if !made.contains(&transform.field()) => names.column(transform.field()),
                None => {}
            }
        }
        for field in plan
            .fields
            .iter()
            .filter(|f| !made.contains(&f.name.as_str()))
        {
            names.column(&field.name);
        }
        let columns = names.order.clone();
        for transform in &plan.transforms {
            let change = match transform {
                Transform::Copy { from, .. } => Change::Copy {
                    from: names.slot(from),
                },
                Transform::Normalize { mean, std, .. } => Change::Normalize {
                    mean: per_channel(mean, device)?,
                    std: per_channel(std, device)?,
                },
                Transform::Picture { change, .. } => Change::Picture(change.clone()),
            };
            steps.push(Step {
                slot: names.slot(transform.field()),
                when: transform.when(),
                change,
            });
        }
        let fields = plan.fields.iter().map(|field| names.slot(&field.name));
        Ok(Recipe {
            fields: fields.collect(),
            slots: names.order.len(),
            columns,
            steps,
            mixing: Mixing::of(plan),
        })
    }

    /// The fields of a batch, from the values of its columns in their order: in training at a moment, else in
    /// evaluation.
    pub fn apply(&self, columns: Vec<Tensor>, moment: Option<Moment>) -> Result<Vec<Tensor>> {
        let mut slots: Vec<Option<Tensor>> = columns.into_iter().map(Some).collect();
        slots.resize_with(self.slots, || None);
        let now = match moment {
            Some(_) => When::Training,
            None => When::Evaluation,
        };
        for (place, step) in self.steps.iter().enumerate() {
            if step.when != When::Always && step.when != now {
                continue;
            }
            let given = taken(&slots, step.change.from().unwrap_or(step.slot))?;
            let value = match &step.change {
                Change::Copy { .. } => given.shallow_clone(),
                Change::Normalize { mean, std } => normalized(given, mean, std)?,
                Change::Picture(change) => {
                    let mut draw = generator(place, moment);
                    let pictures = given.f_unbind(0)?;
                    let changed = pictures
                        .iter()
                        .map(|picture| picture::change(change, picture, &mut draw));
                    Tensor::f_stack(&changed.collect::<Result<Vec<_>>>()?, 0)?
                }
            };
            slots[step.slot] = Some(value);
        }
        let field = |slot: &usize| match taken(&slots, *slot)? {
            bytes if bytes.kind() == Kind::Uint8 => laid_out(&real(bytes)?),
            values if values.kind() == Kind::Float => laid_out(values),
            values => Ok(values.shallow_clone()),
        };
        let fields = self.fields.iter().map(field).collect::<Result<_>>()?;
        match &self.mixing {
            Some(mixing) => mixing.apply(fields, moment),
            None => Ok(fields),
        }
    }
}

impl Change {
    /// The slot that it reads, if that is not its own.
    fn from(&self) -> Option<usize> {
        match self {
            Change::Copy { from } => Some(*from),
            _ => None,
        }
    }
}

/// As torchvision's `ToTensor` and `Normalize` compute and round it. What was bytes is a tensor of its own now and
/// can be written over; what was not may be another field as well.
fn normalized(given: &Tensor, mean: &Tensor, std: &Tensor) -> Result<Tensor> {
    Ok(match given.kind() {
        Kind::Uint8 => real(given)?.f_sub_(mean)?.f_div_(std)?,
        _ => given.f_sub(mean)?.f_div(std)?,
    })
}

/// Evaluation draws nothing; what it would draw from does not matter.
fn generator(place: usize, moment: Option<Moment>) -> Generator {
    match moment {
        Some(moment) => moment.draw(&format!("transform {place}")),
        None => Generator::new("evaluation", 0, 0),
    }
}

#[derive(Default)]
struct Names {
    order: Vec<String>,
    slots: HashMap<String, usize>,
}

impl Names {
    fn column(&mut self, name: &str) {
        self.slot(name);
    }

    fn slot(&mut self, name: &str) -> usize {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.order.len();
        self.order.push(name.to_string());
        self.slots.insert(name.to_string(), slot);
        slot
    }
}

fn taken(slots: &[Option<Tensor>], slot: usize) -> Result<&Tensor> {
    let value = slots[slot].as_ref();
    value.ok_or_else(|| Failure::Bug("the plan reads a field before it is made".into()))
}

fn per_channel(values: &[f64], device: Device) -> Result<Tensor> {
    Ok(Tensor::f_from_slice(values)?
        .f_to_kind(Kind::Float)?
        .f_reshape([-1, 1, 1])?
        .f_to_device(device)?)
}

/// On the CPU the channels of a picture's pixel lie side by side in memory: convolutions and pools keep the order,
/// and libtorch's kernels for the CPU are made for it.
fn laid_out(values: &Tensor) -> Result<Tensor> {
    if values.device() != Device::Cpu || values.dim() != 4 {
        return Ok(values.shallow_clone());
    }
    let pixels = values.f_permute([0, 2, 3, 1])?.f_contiguous()?;
    Ok(pixels.f_permute([0, 3, 1, 2])?)
}
