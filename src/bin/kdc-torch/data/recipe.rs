//! The transforms of a data set, applied to the samples of one batch.

use super::mix::Mixing;
use super::picture::{self, real};
use super::split::Columns;
use crate::failure::{Failure, Result};
use crate::layout;
use crate::random::Generator;
use crate::shim;
use kdc::plan::{self, FieldKind, PictureChange, Transform, When};
use kdc::shape::Shape;
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Transforms in order, with names resolved to slots: the source's columns first, then what transforms make.
pub struct Recipe {
    /// The columns that are needed, each in the slot of its place.
    pub columns: Vec<String>,
    steps: Vec<Step>,
    slots: usize,
    /// Where the data set's fields are in the end, and whether they are laid out channels last.
    fields: Vec<(usize, bool)>,
    mixing: Option<Mixing>,
    device: Device,
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

    /// What the transform at that place draws.
    pub fn transform(self, place: usize) -> Generator {
        self.draw(&format!("transform {place}"))
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
    Scale(f64),
    /// Once the training samples are known.
    Standardize(Option<(f64, f64)>),
    Picture(PictureChange),
}

/// A column or field of a batch, on its way.
#[derive(Debug)]
pub enum Value {
    Batch(Tensor),
    /// Each of its own size, `[C, H, W]`, still on the CPU.
    Pictures(Vec<Tensor>),
}

impl Value {
    fn share(&self) -> Value {
        match self {
            Value::Batch(values) => Value::Batch(values.shallow_clone()),
            Value::Pictures(all) => {
                Value::Pictures(all.iter().map(Tensor::shallow_clone).collect())
            }
        }
    }

    /// As one tensor on the device; the plan has seen to it that pictures are of one size by now.
    fn joined(&self, device: Device) -> Result<Tensor> {
        Ok(match self {
            Value::Batch(values) => shim::upload(values, device)?,
            Value::Pictures(all) => shim::upload(&Tensor::f_stack(all, 0)?, device)?,
        })
    }

    fn changed(&self, change: &PictureChange, mut draw: Generator) -> Result<Value> {
        if let Value::Batch(values) = self
            && let Some(changed) = picture::batch::change(change, values, &mut draw)?
        {
            return Ok(Value::Batch(changed));
        }
        let mut each = |all: &[Tensor]| {
            let changed = all
                .iter()
                .map(|one| picture::change(change, one, &mut draw));
            changed.collect::<Result<Vec<Tensor>>>()
        };
        Ok(match self {
            Value::Pictures(all) => Value::Pictures(each(all)?),
            Value::Batch(values) => {
                let changed = each(&values.f_unbind(0)?)?;
                Value::Batch(Tensor::f_stack(&changed, 0)?)
            }
        })
    }
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
                Transform::Scale { factor, .. } => Change::Scale(*factor),
                Transform::Standardize { .. } => Change::Standardize(None),
                Transform::Picture { change, .. } => Change::Picture(change.clone()),
            };
            steps.push(Step {
                slot: names.slot(transform.field()),
                when: transform.when(),
                change,
            });
        }
        let fields = plan.fields.iter();
        let fields = fields.map(|field| (names.slot(&field.name), field.channels_last));
        Ok(Recipe {
            fields: fields.collect(),
            slots: names.order.len(),
            columns,
            steps,
            mixing: Mixing::of(plan),
            device,
        })
    }

    /// Whether a column's pictures, or copies of them, are changed one after the other, and not a batch at once.
    pub fn changes_one_by_one(&self, column: usize) -> bool {
        let mut copies = vec![column];
        for step in &self.steps {
            match &step.change {
                Change::Copy { from } if copies.contains(from) => copies.push(step.slot),
                Change::Picture(change)
                    if copies.contains(&step.slot) && !picture::batch::has(change) =>
                {
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Finds the numbers that the training samples decide.
    pub fn fit(&mut self, plan: &plan::DataSet, training: &Columns) -> Result<()> {
        for (place, transform) in plan.transforms.iter().enumerate() {
            if let Transform::Standardize { field } = transform {
                let statistics = statistics(plan, place, field, training, self.device)?;
                self.steps[place].change = Change::Standardize(Some(statistics));
            }
        }
        Ok(())
    }

    /// The fields of a batch, from the values of its columns in their order: in training at a moment, else in
    /// evaluation.
    pub fn apply(&self, columns: Vec<Value>, moment: Option<Moment>) -> Result<Vec<Tensor>> {
        let mut slots: Vec<Option<Value>> = columns.into_iter().map(Some).collect();
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
            let batch = || given.joined(self.device);
            let value = match &step.change {
                Change::Copy { .. } => given.share(),
                Change::Picture(change) => given.changed(change, generator(place, moment))?,
                Change::Normalize { mean, std } => Value::Batch(normalized(&batch()?, mean, std)?),
                Change::Scale(factor) => Value::Batch(batch()?.f_mul_scalar(*factor)?),
                Change::Standardize(Some((mean, deviation))) => {
                    let centred = batch()?.f_sub_scalar(*mean)?;
                    Value::Batch(centred.f_div_scalar(*deviation)?)
                }
                Change::Standardize(None) => {
                    return Err(Failure::Bug(
                        "a field's statistics are not known yet".into(),
                    ));
                }
            };
            slots[step.slot] = Some(value);
        }
        let field = |(slot, channels_last): &(usize, bool)| {
            let values = real(&taken(&slots, *slot)?.joined(self.device)?)?;
            match channels_last {
                true => laid_out(&values),
                false => Ok(values),
            }
        };
        let fields = self.fields.iter().map(field).collect::<Result<_>>()?;
        match &self.mixing {
            Some(mixing) => mixing.apply(fields, moment),
            None => Ok(fields),
        }
    }
}

/// The mean and deviation of a field's numbers over all training samples, before the transform at a place.
fn statistics(
    plan: &plan::DataSet,
    place: usize,
    field: &str,
    training: &Columns,
    device: Device,
) -> Result<(f64, f64)> {
    let before = plan::DataSet {
        fields: vec![plan::Field {
            name: field.to_string(),
            kind: FieldKind::Real,
            shape: Shape::default(),
            augmented: false,
            channels_last: false,
        }],
        transforms: plan.transforms[..place].to_vec(),
        batch: plan::Batch {
            mixup: None,
            cutmix: None,
            ..plan.batch.clone()
        },
        ..plan.clone()
    };
    let before = before.only(|_| true);
    let mut recipe = Recipe::new(&before, device)?;
    let columns = training.named(&recipe.columns)?;
    recipe.fit(&before, &columns)?;
    let values = recipe.apply(columns.all()?, None)?;
    let values = values[0].f_to_kind(Kind::Double)?;
    let mean = f64::try_from(values.f_mean(None)?)?;
    let deviation = f64::try_from(values.f_std(false)?)?;
    match deviation > 0.0 && deviation.is_finite() {
        true => Ok((mean, deviation)),
        false => Err(Failure::Usage(format!(
            "`{field}` is {mean} in all training samples of `{}`: there is nothing to standardize",
            plan.name
        ))),
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
        Some(moment) => moment.transform(place),
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

fn taken(slots: &[Option<Value>], slot: usize) -> Result<&Value> {
    let value = slots[slot].as_ref();
    value.ok_or_else(|| Failure::Bug("the plan reads a field before it is made".into()))
}

fn per_channel(values: &[f64], device: Device) -> Result<Tensor> {
    Ok(Tensor::f_from_slice(values)?
        .f_to_kind(Kind::Float)?
        .f_reshape([-1, 1, 1])?
        .f_to_device(device)?)
}

/// The channels of a picture's pixel side by side in memory, on a CPU.
fn laid_out(values: &Tensor) -> Result<Tensor> {
    if values.device() != Device::Cpu {
        return Ok(values.shallow_clone());
    }
    Ok(layout::channels_last(values)?)
}
