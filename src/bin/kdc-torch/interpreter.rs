//! Runs a plan's programs on tensors.
//!
//! Names are resolved once, into slots: the inputs first, then a slot for each node. A value is dropped
//! after its last use, so that the allocator gives its memory to the next.

use crate::amount::Time;
use crate::failure::{Failure, Result};
use crate::ops::{self, Kernel};
use crate::parameters::Parameters;
use crate::profile::{Part, Times};
use kdc::plan::Program;
use kdc::shape::{Dim, Shape};
use std::collections::HashMap;
use std::time::Instant;
use tch::Tensor;

/// A program, ready to run.
pub struct Executable {
    steps: Vec<Step>,
    /// The slots of the program's outputs, in its order.
    outputs: Vec<usize>,
    inputs: usize,
    /// Whether the stated shapes have been found true. They depend on nothing but the batch size.
    shapes_hold: bool,
    time: Time,
    /// Where the time of all runs went.
    pub times: Times,
}

struct Step {
    kernel: Kernel,
    part: Part,
    inputs: Vec<usize>,
    /// Slots that nothing reads any more after this step.
    finished: Vec<usize>,
    value: String,
    op: String,
    shape: Shape,
}

/// The values that a step's operation reads.
pub struct Frame<'a> {
    slots: &'a [Option<Tensor>],
    inputs: &'a [usize],
    /// The number of samples in the batch.
    pub batch: i64,
    pub time: Time,
}

impl<'a> Frame<'a> {
    /// The operation's tensor at that position among `Node::inputs`.
    pub fn tensor(&self, position: usize) -> &'a Tensor {
        self.slots[self.inputs[position]]
            .as_ref()
            .expect("a slot is filled before it is read, and emptied after its last use")
    }
}

impl Executable {
    /// Prepares `program` for inputs that come in the order of `inputs`, which names fields and constants.
    pub fn new(program: &Program, inputs: &[String], parameters: &Parameters) -> Result<Self> {
        let mut slots: HashMap<&str, usize> = inputs
            .iter()
            .enumerate()
            .map(|(slot, name)| (name.as_str(), slot))
            .collect();
        let mut steps = Vec::with_capacity(program.nodes.len());
        for node in &program.nodes {
            let read = node
                .inputs
                .iter()
                .map(|name| slot_of(&slots, name, &node.value))
                .collect::<Result<_>>()?;
            steps.push(Step {
                kernel: ops::kernel(node, parameters)?,
                part: node.part.into(),
                inputs: read,
                finished: Vec::new(),
                value: node.value.clone(),
                op: node.op.clone(),
                shape: node.shape.clone(),
            });
            let slot = inputs.len() + steps.len() - 1;
            if slots.insert(&node.value, slot).is_some() {
                return Err(Failure::Bug(format!(
                    "the plan has two values `{}` in one program",
                    node.value
                )));
            }
        }
        let outputs = program
            .outputs
            .iter()
            .map(|name| slot_of(&slots, name, "the program's outputs"))
            .collect::<Result<Vec<_>>>()?;
        mark_last_uses(&mut steps, &outputs, inputs.len());
        Ok(Executable {
            steps,
            outputs,
            inputs: inputs.len(),
            shapes_hold: false,
            time: Time::default(),
            times: Times::default(),
        })
    }

    /// Says when the next runs are.
    pub fn set_time(&mut self, time: Time) {
        self.time = time;
    }

    /// Gives the outputs, in the program's order.
    pub fn run(&mut self, inputs: &[&Tensor], batch: i64) -> Result<Vec<Tensor>> {
        assert_eq!(inputs.len(), self.inputs, "as announced to `new`");
        let mut slots: Vec<Option<Tensor>> =
            inputs.iter().map(|t| Some(t.shallow_clone())).collect();
        let mut start = Instant::now();
        for step in &self.steps {
            let frame = Frame {
                slots: &slots,
                inputs: &step.inputs,
                batch,
                time: self.time,
            };
            let value =
                (step.kernel)(&frame).map_err(|error| step.describe(&frame, error.into()))?;
            if !self.shapes_hold {
                step.check_shape(&value, batch)?;
            }
            slots.push(Some(value));
            for &slot in &step.finished {
                slots[slot] = None;
            }
            self.times.lap(step.part, &mut start);
        }
        self.shapes_hold = true;
        self.outputs
            .iter()
            .map(|&slot| {
                let value = slots[slot].as_ref().map(Tensor::shallow_clone);
                value.ok_or_else(|| Failure::Bug("an output was dropped before the end".into()))
            })
            .collect()
    }
}

fn slot_of(slots: &HashMap<&str, usize>, name: &str, reader: &str) -> Result<usize> {
    slots.get(name).copied().ok_or_else(|| {
        Failure::Bug(format!(
            "the plan reads `{name}` for `{reader}`, but nothing before gives it"
        ))
    })
}

fn mark_last_uses(steps: &mut [Step], outputs: &[usize], inputs: usize) {
    let mut read_later: Vec<bool> = vec![false; inputs + steps.len()];
    for &slot in outputs {
        read_later[slot] = true;
    }
    for (i, step) in steps.iter_mut().enumerate().rev() {
        for &slot in step.inputs.iter().chain([&(inputs + i)]) {
            if !std::mem::replace(&mut read_later[slot], true) {
                step.finished.push(slot);
            }
        }
    }
}

impl Step {
    fn check_shape(&self, value: &Tensor, batch: i64) -> Result<()> {
        let found = value.size();
        let agrees = found.len() == self.shape.rank()
            && self
                .shape
                .0
                .iter()
                .zip(&found)
                .all(|(dim, &size)| match dim {
                    Dim::Known(n) => size as u64 == *n,
                    Dim::Symbol { name, times } if &**name == "N" => {
                        size as u64 == times.saturating_mul(batch as u64)
                    }
                    Dim::Symbol { .. } | Dim::Unknown => true,
                });
        if agrees {
            return Ok(());
        }
        Err(Failure::Bug(format!(
            "`{}` (operation `{}`) has shape {found:?} in a batch of {batch}, but the plan states {}",
            self.value, self.op, self.shape
        )))
    }

    /// Puts the place before what libtorch says.
    fn describe(&self, frame: &Frame, error: Failure) -> Failure {
        let Failure::Training(text) = error else {
            return error;
        };
        let sizes: Vec<_> = (0..self.inputs.len())
            .map(|i| format!("{:?}", frame.tensor(i).size()))
            .collect();
        Failure::Training(format!(
            "`{}` (operation `{}` on {}) cannot be computed: {text}",
            self.value,
            self.op,
            sizes.join(", ")
        ))
    }
}
