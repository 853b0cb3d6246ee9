//! Steps of training as a CUDA graph: a step of a small network is hundreds of kernels, each of which takes longer to
//! launch than to run, and a graph launches them all at once.
//!
//! A graph reads and writes the same memory each time. So a batch is copied into tensors that stay, and what the host
//! knows of a step, its learning rate and the weights of its losses, is put on the device before. The first steps are
//! taken operation by operation; then one is recorded; the next is taken both ways, and the graph is used only if it
//! does what the operations do.

mod snapshot;

use crate::failure::{Failure, Result};
use crate::graph::Graph;
use crate::parameters::Parameters;
use crate::profile::Part;
use crate::trainer::{Given, Trainer};
use kdc::plan::{Arg, Stage};
use snapshot::{Groups, Snapshot, State, clones, distance, within};
use std::collections::BTreeSet;
use std::time::Instant;
use tch::{Device, Tensor, no_grad_guard};

/// How many steps are taken before one is recorded: libraries choose their kernels in the first ones.
const WARM_UP: u32 = 3;

/// The steps of a stage on a GPU, on their way to a graph.
pub struct Capture {
    graph: Graph,
    device: Device,
    /// The first batch says how large they are.
    buffers: Option<Buffers>,
    /// What a step may change of the plan's parameters and states.
    changes: Groups,
    progress: Progress,
}

enum Progress {
    /// So many steps are left before one is recorded.
    WarmingUp(u32),
    /// What a replay fills.
    Recorded(Given),
    /// The same, and it has been found right.
    Trusted(Given),
}

/// Tensors that stay where they are, for the inputs of each step in turn.
pub struct Buffers {
    inputs: Vec<Tensor>,
    pub size: i64,
}

impl Buffers {
    pub fn like(inputs: &[&Tensor], size: i64) -> Result<Buffers> {
        let own = inputs.iter().map(|input| input.f_empty_like());
        Ok(Buffers {
            inputs: own.collect::<std::result::Result<_, _>>()?,
            size,
        })
    }

    pub fn fill(&mut self, inputs: &[&Tensor]) -> Result<()> {
        let _no_grad = no_grad_guard();
        for (own, input) in self.inputs.iter_mut().zip(inputs) {
            own.f_copy_(input)?;
        }
        Ok(())
    }

    pub fn inputs(&self) -> Vec<&Tensor> {
        self.inputs.iter().collect()
    }
}

/// Why a stage's steps cannot be recorded, if so: what a graph repeats must be the same each time.
pub fn obstacle(stage: &Stage) -> Option<String> {
    if !stage.fused {
        return Some("`--exact` computes numbers of each step on the CPU".into());
    }
    if stage.accumulate > 1 {
        return Some(format!("{} batches make a step", stage.accumulate));
    }
    let mut followers = stage.followers.iter();
    if let Some(follower) = followers.find(|follower| follower.decay.changes()) {
        let name = &follower.network;
        return Some(format!("the decay of `{name}` changes while it trains"));
    }
    if stage.average.as_ref().is_some_and(Arg::changes) {
        return Some("the decay of `average` changes while it trains".into());
    }
    let mut nodes = stage.step.nodes.iter();
    let changing = nodes.find(|node| node.args.values().any(Arg::changes))?;
    let value = &changing.value;
    Some(format!("a number of `{value}` changes while it trains"))
}

impl Capture {
    /// Or why there is none, in words that go on after "as".
    pub fn new(stage: &Stage, parameters: &Parameters) -> std::result::Result<Capture, String> {
        if let Some(why) = obstacle(stage) {
            return Err(why);
        }
        let read = stage.step.nodes.iter().flat_map(|n| n.parameters.values());
        let updated = stage.updates.iter().map(|update| &update.state);
        let others: BTreeSet<&String> = read.chain(updated).collect();
        let others = others
            .into_iter()
            .filter(|name| !stage.learns.contains(name));
        let tensor = |name: &String| parameters.get(name).map(Tensor::shallow_clone);
        let learned = stage.learns.iter().filter_map(tensor).collect();
        let others = others.filter_map(|name| Some(vec![tensor(name)?]));
        let device = parameters.device();
        Ok(Capture {
            graph: Graph::new(device)?,
            device,
            buffers: None,
            changes: std::iter::once(learned).chain(others).collect(),
            progress: Progress::WarmingUp(WARM_UP),
        })
    }

    /// Takes a step, one way or the other, and goes on with the next unless the graph fails.
    pub fn step(mut self, trainer: &mut Trainer, inputs: &[&Tensor], size: i64) -> Result<Given> {
        let mut buffers = match self.buffers.take() {
            Some(buffers) => buffers,
            None => Buffers::like(inputs, size)?,
        };
        // the last batch of an epoch may be smaller
        if size != buffers.size {
            let given = trainer.compute(inputs, size);
            self.buffers = Some(buffers);
            trainer.capture = Some(self);
            return given;
        }
        buffers.fill(inputs)?;
        let given = match std::mem::replace(&mut self.progress, Progress::WarmingUp(0)) {
            Progress::WarmingUp(left) => {
                let given = (self.graph).beside(|| trainer.compute(&buffers.inputs(), size))?;
                self.progress = Progress::WarmingUp(left.saturating_sub(1));
                if left <= 1 {
                    match self.record(trainer, &buffers) {
                        Ok(recorded) => self.progress = Progress::Recorded(recorded),
                        Err(failure) => {
                            trainer.forget();
                            trainer.remark = Some(plainly(&reason(&failure)));
                            return Ok(given);
                        }
                    }
                }
                given
            }
            Progress::Recorded(recorded) => match self.try_out(trainer, &buffers, &recorded)? {
                Ok(given) => {
                    trainer.remark = Some(TRUSTED.to_string());
                    self.progress = Progress::Trusted(recorded);
                    given
                }
                Err((why, given)) => {
                    trainer.remark = Some(plainly(&why));
                    return Ok(given);
                }
            },
            Progress::Trusted(recorded) => {
                let mut start = Instant::now();
                self.graph.replay()?;
                let given = recorded.copy()?;
                trainer.times.lap(Part::Replay, &mut start);
                self.progress = Progress::Trusted(recorded);
                given
            }
        };
        self.buffers = Some(buffers);
        trainer.capture = Some(self);
        Ok(given)
    }

    /// Computes nothing.
    fn record(&self, trainer: &mut Trainer, buffers: &Buffers) -> Result<Given> {
        (self.graph).record(|| trainer.compute(&buffers.inputs(), buffers.size))
    }

    /// Takes a step both ways from where things stand. The step is the graph's, or the plain one and why.
    fn try_out(
        &self,
        trainer: &mut Trainer,
        buffers: &Buffers,
        recorded: &Given,
    ) -> Result<std::result::Result<Given, (String, Given)>> {
        let mut groups = trainer.state()?;
        groups.extend(self.changes.iter().map(|group| clones(group)));
        let state = State {
            groups,
            device: self.device,
        };
        let before = state.snapshot();
        let plain_given = trainer.compute(&buffers.inputs(), buffers.size)?;
        let both = before.and_then(|before| Ok((before, state.snapshot()?)));
        let (before, plain) = match both {
            Ok(both) => both,
            Err(failure) => return Ok(Err((reason(&failure), plain_given))),
        };
        let why = match self.replay_from(&state, &before, &plain, recorded) {
            Ok((given, None)) => match losses_differ(&plain_given, &given)? {
                None => return Ok(Ok(given)),
                Some(why) => why,
            },
            Ok((_, Some(why))) => why,
            Err(failure) => reason(&failure),
        };
        state.put(&plain)?;
        Ok(Err((why, plain_given)))
    }

    /// What a replay gives where things stood before, and what of it is not as in the plain step.
    fn replay_from(
        &self,
        state: &State,
        before: &Snapshot,
        plain: &Snapshot,
        recorded: &Given,
    ) -> Result<(Given, Option<String>)> {
        state.put(before)?;
        self.graph.replay()?;
        Ok((recorded.copy()?, state.strays(before, plain)?))
    }
}

fn losses_differ(plain: &Given, replayed: &Given) -> Result<Option<String>> {
    let [plain, replayed] = [plain, replayed].map(|given| std::slice::from_ref(&given.losses));
    let zeros = [plain[0].f_zeros_like()?];
    let same = within(distance(plain, replayed)?, distance(&zeros, plain)?);
    Ok((!same).then(|| "a graph's step gave other losses than a plain one".into()))
}

const TRUSTED: &str = "steps: a CUDA graph, which gave what a step without it gave";

/// What is said where steps are no graph.
pub fn plainly(why: &str) -> String {
    format!("steps: operation by operation, as {why}")
}

fn reason(failure: &Failure) -> String {
    let text = failure.to_string();
    let line = text.lines().next().unwrap_or_default();
    format!("recording them fails: {line}")
}

#[cfg(test)]
mod tests;
