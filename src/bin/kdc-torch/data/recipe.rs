//! The transforms of a data set, applied to the samples of one batch.

use crate::failure::{Failure, Result};
use kdc::plan::{self, Transform};
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
}

struct Step {
    slot: usize,
    change: Change,
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
            };
            let slot = names.slot(transform.field());
            steps.push(Step { slot, change });
        }
        let fields = plan.fields.iter().map(|field| names.slot(&field.name));
        Ok(Recipe {
            fields: fields.collect(),
            slots: names.order.len(),
            columns,
            steps,
        })
    }

    /// The fields of a batch, from the values of its columns in their order.
    pub fn apply(&self, columns: Vec<Tensor>) -> Result<Vec<Tensor>> {
        let mut slots: Vec<Option<Tensor>> = columns.into_iter().map(Some).collect();
        slots.resize_with(self.slots, || None);
        for step in &self.steps {
            let value = step.change.apply(step.slot, &slots)?;
            slots[step.slot] = Some(value);
        }
        let field = |slot: &usize| match taken(&slots, *slot)? {
            bytes if bytes.kind() == Kind::Uint8 => laid_out(&real(bytes)?),
            values if values.kind() == Kind::Float => laid_out(values),
            values => Ok(values.shallow_clone()),
        };
        self.fields.iter().map(field).collect()
    }
}

impl Change {
    fn apply(&self, slot: usize, slots: &[Option<Tensor>]) -> Result<Tensor> {
        match self {
            Change::Copy { from } => Ok(taken(slots, *from)?.shallow_clone()),
            Change::Normalize { mean, std } => {
                let given = taken(slots, slot)?;
                // As torchvision's `ToTensor` and `Normalize` compute and round it. What was bytes is a tensor
                // of its own now and can be written over; what was not may be another field as well.
                Ok(match given.kind() {
                    Kind::Uint8 => real(given)?.f_sub_(mean)?.f_div_(std)?,
                    _ => given.f_sub(mean)?.f_div(std)?,
                })
            }
        }
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

/// Bytes as numbers from 0 to 1, in a tensor of their own.
fn real(bytes: &Tensor) -> Result<Tensor> {
    Ok(bytes.f_to_kind(Kind::Float)?.f_div_scalar_(255.0)?)
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
