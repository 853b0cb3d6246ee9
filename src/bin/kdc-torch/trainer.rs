//! One stage of training, a step at a time.

mod edges;

use crate::amount::{Amount, Time};
use crate::capture::{Capture, plainly};
use crate::data::Batch;
use crate::evaluate::classes_of;
use crate::failure::{Failure, Result};
use crate::gathered::{Gathered, clip};
use crate::interpreter::Executable;
use crate::optimizer::{Optimizer, Rule, rule_of};
use crate::parameters::Parameters;
use crate::profile::{Part, Times};
use crate::running_mean::RunningMean;
use edges::Edges;
use kdc::plan::{self, Arg, Evaluation, Stage};
use std::time::Instant;
use tch::{Kind, Tensor, no_grad_guard};

pub struct Trainer {
    constant: Executable,
    step: Executable,
    edges: Edges,
    watched: Option<Watched>,
    optimizer: Optimizer,
    updates: Vec<Update>,
    /// What the batches since the last step have computed for them.
    due: Vec<Due>,
    /// The names of the parameters that learn, in the optimizer's order.
    learns: Vec<String>,
    /// Of how many batches gradients are gathered for a step, and the largest norm that they may have.
    accumulate: u64,
    clip: Option<f64>,
    gathered: Gathered,
    /// When the next step of the optimizer begins.
    time: Time,
    followers: Vec<RunningMean>,
    /// Of what the programs do not time themselves.
    pub times: Times,
    /// Of what learns, to be measured and saved.
    pub average: Option<RunningMean>,
    /// On a GPU, where steps become a graph or may yet become one.
    pub capture: Option<Capture>,
    /// What is to be told about steps.
    pub remark: Option<String>,
}

/// What a state becomes, by places among the outputs of `step`.
struct Update {
    state: Tensor,
    rows: Option<usize>,
    value: usize,
}

/// What a state becomes behind the next step.
struct Due {
    state: Tensor,
    rows: Option<Tensor>,
    value: Tensor,
}

/// Logits that the step computes anyway, and the labels that say what they should be.
struct Watched {
    /// Among the outputs of `step`.
    logits: usize,
    /// Among the batch's fields.
    label: usize,
}

/// What a step computes, on the device.
pub struct Given {
    /// `[edges]`, before the step and without weights.
    pub losses: Tensor,
    /// How many samples of the batch the watched network recognised, and how many labels count.
    pub right: Option<Tensor>,
}

impl Given {
    pub fn copy(&self) -> Result<Given> {
        let right = self.right.as_ref().map(Tensor::f_detach_copy);
        Ok(Given {
            losses: self.losses.f_detach_copy()?,
            right: right.transpose()?,
        })
    }
}

/// What one batch gave, on the device.
pub struct Step {
    /// `[edges]`, before the step and without weights.
    pub losses: Tensor,
    /// Of the edges.
    pub weights: Vec<f64>,
    /// How many samples of the batch the watched network recognised.
    pub right: Option<Tensor>,
}

impl Trainer {
    /// `fields` are the names of a batch's values, in order. The network that `watch` measures is watched while
    /// it learns.
    pub fn new(
        stage: &Stage,
        fields: &[String],
        parameters: &Parameters,
        watch: Option<&Evaluation>,
    ) -> Result<Trainer> {
        parameters.learn(&stage.learns)?;
        let updates = (stage.updates.iter()).map(|u| Update::new(u, stage, parameters));
        let inputs = [fields, &stage.constant.outputs].concat();
        let mut program = stage.step.clone();
        let watched = watch.and_then(|evaluation| {
            let computed = program.nodes.iter().any(|n| n.value == evaluation.logits);
            let label = fields.iter().position(|name| *name == evaluation.label)?;
            program
                .outputs
                .extend(computed.then(|| evaluation.logits.clone()));
            let logits = program.outputs.len() - 1;
            computed.then_some(Watched { logits, label })
        });
        let followers = stage.followers.iter().map(|follower| {
            let pairs = parameters.following(&follower.network, &follower.of)?;
            Ok(RunningMean::new(amount(&follower.decay)?, pairs))
        });
        let average = stage.average.as_ref().map(|decay| {
            let pairs = parameters.averaged(&stage.learns)?;
            Ok::<_, Failure>(RunningMean::new(amount(decay)?, pairs))
        });
        let (capture, remark) = match parameters.device().is_cuda() {
            true => match Capture::new(stage, parameters) {
                Ok(capture) => (Some(capture), None),
                Err(why) => (None, Some(plainly(&why))),
            },
            false => (None, None),
        };
        Ok(Trainer {
            capture,
            remark,
            constant: Executable::new(&stage.constant, fields, parameters)?,
            step: Executable::new(&program, &inputs, parameters)?,
            watched,
            edges: Edges::new(stage, parameters.device())?,
            optimizer: optimizer(stage, parameters)?,
            updates: updates.collect::<Result<_>>()?,
            due: Vec::new(),
            learns: stage.learns.clone(),
            accumulate: stage.accumulate,
            clip: stage.clip,
            gathered: Gathered::default(),
            time: Time::default(),
            followers: followers.collect::<Result<_>>()?,
            times: Times::default(),
            average: average.transpose()?,
        })
    }

    /// How long the stage lasts, which schedules follow.
    pub fn set_length(&mut self, steps_per_epoch: u64, steps: u64) {
        self.time.steps_per_epoch = steps_per_epoch;
        self.time.steps = steps;
    }

    /// Whether the optimizer has taken all steps of the stage.
    pub fn is_done(&self) -> bool {
        self.time.step == self.time.steps
    }

    /// What the teachers give for the batch: the outputs of the stage's `constant` program.
    pub fn constants(&mut self, batch: &Batch) -> Result<Vec<Tensor>> {
        let _no_grad = no_grad_guard();
        let fields: Vec<&Tensor> = batch.fields.iter().collect();
        self.times.answered += batch.size as u64;
        self.constant.run(&fields, batch.size)
    }

    /// Where the time has gone.
    pub fn times(&self) -> Times {
        let mut times = self.times.clone();
        times.add(&self.constant.times);
        times.add(&self.step.times);
        times
    }

    /// Takes a batch's gradients of the weighted sum of the edges' losses, and a step along them once enough
    /// batches have been seen.
    pub fn step(&mut self, batch: &Batch, constants: &[Tensor]) -> Result<Step> {
        let inputs: Vec<&Tensor> = batch.fields.iter().chain(constants).collect();
        let weights = self.set_numbers(batch.size)?;
        let Given { losses, right } = match self.capture.take() {
            Some(capture) => capture.step(self, &inputs, batch.size)?,
            None => self.compute(&inputs, batch.size)?,
        };
        self.times.trained += batch.size as u64;
        if self.gathered.batches == 0 {
            self.time.step += 1;
        }
        Ok(Step {
            losses,
            weights,
            right,
        })
    }

    /// Tells the device what the host knows of the step that comes next. Gives the edges' weights.
    fn set_numbers(&mut self, batch: i64) -> Result<Vec<f64>> {
        self.step.set_time(self.time);
        self.optimizer.set(self.time)?;
        self.edges.set(batch, self.time)
    }

    /// All of a step that the device does, for inputs of `batch` samples.
    pub fn compute(&mut self, inputs: &[&Tensor], batch: i64) -> Result<Given> {
        let outputs = self.step.run(inputs, batch)?;
        let mut start = Instant::now();
        let total = self.edges.total(&outputs, batch, self.time)?;
        let gradients = self.gradients(&total)?;
        self.times.lap(Part::Backward, &mut start);
        self.gathered.add(gradients)?;
        self.remember(&outputs)?;
        if self.gathered.batches == self.accumulate {
            self.take_step()?;
        }
        let losses = self.edges.losses(&outputs)?;
        let right = self.watched.as_ref().map(|watched| {
            let predicted = outputs[watched.logits].f_detach()?.f_argmax(-1, false)?;
            let label = classes_of(inputs[watched.label])?;
            let right = predicted.f_eq_tensor(&label)?.f_sum(Kind::Double)?;
            let counted = label.f_ge(0)?.f_sum(Kind::Double)?;
            Tensor::f_stack(&[right, counted], 0)
        });
        Ok(Given {
            losses,
            right: right.transpose()?,
        })
    }

    /// A step along the mean of the gradients that have been gathered, if there are any.
    pub fn finish_step(&mut self) -> Result<()> {
        if self.gathered.batches > 0 {
            self.take_step()?;
            self.time.step += 1;
        }
        Ok(())
    }

    fn take_step(&mut self) -> Result<()> {
        let mut start = Instant::now();
        let Some(mut gradients) = self.gathered.mean()? else {
            return Ok(());
        };
        if let Some(largest) = self.clip {
            clip(&mut gradients, largest)?;
        }
        self.optimizer.step(&gradients, self.time)?;
        for follower in self.followers.iter_mut().chain(&mut self.average) {
            follower.follow(self.time)?;
        }
        self.update()?;
        self.times.lap(Part::Optimizer, &mut start);
        Ok(())
    }

    /// Drops what a step that was not finished has left.
    pub fn forget(&mut self) {
        self.gathered = Gathered::default();
        self.due.clear();
    }

    /// What a step changes besides the parameters and states of the plan: of each kind, those of all parameters.
    pub fn state(&mut self) -> Result<Vec<Vec<Tensor>>> {
        let mut state = self.optimizer.state()?;
        let means = self.followers.iter().chain(&self.average);
        state.extend(means.map(|mean| mean.means().map(Tensor::shallow_clone).collect()));
        Ok(state)
    }

    /// How many steps the optimizer has taken.
    pub fn steps_taken(&self) -> u64 {
        self.time.step
    }

    /// What the steps of the epochs so far have left behind besides the parameters and states of the plan.
    pub fn left(&mut self) -> Result<Vec<Tensor>> {
        Ok(self.state()?.into_iter().flatten().collect())
    }

    /// Goes on behind so many steps, which have left this.
    pub fn go_on(&mut self, steps: u64, left: &[Tensor]) -> Result<()> {
        let _no_grad = no_grad_guard();
        for (mut own, left) in self.left()?.into_iter().zip(left) {
            own.f_copy_(left)?;
        }
        self.time.step = steps;
        self.optimizer.go_on(steps);
        Ok(())
    }

    /// Keeps what the states are to become, all as the forward pass computed it: one may be another's old value.
    fn remember(&mut self, outputs: &[Tensor]) -> Result<()> {
        let _no_grad = no_grad_guard();
        for update in &self.updates {
            self.due.push(Due {
                state: update.state.shallow_clone(),
                rows: update.rows.map(|rows| outputs[rows].shallow_clone()),
                value: outputs[update.value].f_detach_copy()?,
            });
        }
        Ok(())
    }

    /// Gives the states their new values, those of the step's batches in order: each gives its rows, and of a whole
    /// state the last one's counts.
    fn update(&mut self) -> Result<()> {
        let _no_grad = no_grad_guard();
        for Due {
            mut state,
            rows,
            value,
        } in self.due.drain(..)
        {
            match rows {
                Some(rows) => state.f_index_copy_(0, &rows, &value).map(drop)?,
                None => state.f_copy_(&value)?,
            }
        }
        Ok(())
    }

    /// libtorch crashes on a loss that depends on nothing, so that is asked first.
    fn gradients(&self, total: &Tensor) -> Result<Vec<Tensor>> {
        if !total.requires_grad() {
            return Err(Failure::Bug(
                "no edge's loss depends on what is to be trained".into(),
            ));
        }
        let gradients =
            Tensor::f_run_backward(&[total], self.optimizer.parameters(), false, false)?;
        match gradients.iter().position(|gradient| !gradient.defined()) {
            None => Ok(gradients),
            Some(place) => Err(Failure::Bug(format!(
                "the plan trains `{}`, which no edge's loss depends on",
                self.learns[place]
            ))),
        }
    }
}

impl Update {
    fn new(update: &plan::Update, stage: &Stage, parameters: &Parameters) -> Result<Update> {
        let place = |value: &String| {
            let place = stage.step.outputs.iter().position(|o| o == value);
            place.ok_or_else(|| {
                let state = &update.state;
                Failure::Bug(format!(
                    "the plan does not compute `{value}`, which updates `{state}`"
                ))
            })
        };
        let state = parameters.get(&update.state).ok_or_else(|| {
            let state = &update.state;
            Failure::Bug(format!(
                "the plan updates `{state}`, which it does not declare"
            ))
        })?;
        Ok(Update {
            state: state.shallow_clone(),
            rows: update.rows.as_ref().map(place).transpose()?,
            value: place(&update.value)?,
        })
    }
}

fn optimizer(stage: &Stage, parameters: &Parameters) -> Result<Optimizer> {
    let base = rule_of(&stage.optimizer)
        .ok_or_else(|| Failure::Bug("the plan's learning rate is no number".into()))?;
    let rule = |name: &String| -> Result<Rule> {
        let mut rule = base.clone();
        if let Some(group) = stage.groups.iter().find(|g| g.parameters.contains(name)) {
            if let Some(lr) = &group.lr {
                rule.lr = amount(lr)?;
            }
            rule.weight_decay = group.weight_decay.unwrap_or(rule.weight_decay);
        }
        Ok(rule)
    };
    let learning = stage.learns.iter().map(|name| {
        let tensor = parameters.get(name).map(Tensor::shallow_clone);
        tensor.ok_or_else(|| {
            Failure::Bug(format!(
                "the plan trains `{name}`, which it does not declare"
            ))
        })
    });
    Ok(Optimizer::new(
        &stage.optimizer,
        stage.fused,
        learning.collect::<Result<_>>()?,
        stage.learns.iter().map(rule).collect::<Result<_>>()?,
    )?)
}

fn amount(arg: &Arg) -> Result<Amount> {
    Amount::read(arg).ok_or_else(|| Failure::Bug(format!("the plan has `{arg}` for a number")))
}

#[cfg(test)]
mod tests;
