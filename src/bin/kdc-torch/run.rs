//! One run: the stages of an experiment with one seed, epoch by epoch.

use crate::console::percent;
use crate::constants::{Constants, Reason};
use crate::data::{DataSet, Split};
use crate::evaluate::evaluate;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::parameters::Parameters;
use crate::random::derive_seed;
use crate::run_folder::{Results, RunFolder};
use crate::session::{Session, data_of, students};
use crate::trainer::Trainer;
use indicatif::ProgressBar;
use kdc::plan::{Plan, Stage, TestTime};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

pub struct Run<'a> {
    session: &'a Session,
    plan: &'a Plan,
    seed: u64,
    parameters: &'a Parameters,
    folder: &'a RunFolder,
    /// The lines of `metrics.jsonl`.
    metrics: String,
    bar: ProgressBar,
}

pub enum Outcome {
    Finished,
    Interrupted,
    /// The edge, epoch and batch where a loss was no number any more.
    Diverged(String),
}

/// A line of `metrics.jsonl`.
#[derive(Serialize)]
struct EpochLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    /// From 1 on, over all stages.
    epoch: u64,
    /// Each edge's, the mean over the epoch's batches, without its weight.
    losses: BTreeMap<&'a str, f64>,
    /// The mean of the weighted sums.
    total: f64,
    images_per_second: f64,
    /// Of the students, as a share of 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hold_out_accuracy: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    test_accuracy: BTreeMap<String, f64>,
}

/// What one epoch gave.
struct Epoch {
    /// Of each edge.
    losses: Vec<f64>,
    seconds: f64,
    samples: i64,
}

/// How an epoch may end.
enum End {
    Whole(Epoch),
    Interrupted,
    /// The batch, from 1 on, and the edge, from 0 on, and its loss.
    Diverged(usize, usize, f64),
}

impl<'a> Run<'a> {
    pub fn new(
        session: &'a Session,
        plan: &'a Plan,
        seed: u64,
        parameters: &'a Parameters,
        folder: &'a RunFolder,
    ) -> Run<'a> {
        Run {
            session,
            plan,
            seed,
            parameters,
            folder,
            metrics: String::new(),
            bar: ProgressBar::hidden(),
        }
    }

    pub fn all_stages(&mut self, results: &mut Results) -> Result<Outcome> {
        let mut steps = 0;
        for stage in &self.plan.stages {
            let data = self.session.data(data_of(self.plan, &stage.data)?)?;
            steps += stage.epochs * data.steps() as u64;
        }
        self.bar = self.session.console.steps(steps);
        let start = Instant::now();
        for stage in &self.plan.stages {
            let outcome = self.stage(stage, results)?;
            results.seconds = start.elapsed().as_secs_f64();
            if !matches!(outcome, Outcome::Finished) {
                self.bar.finish_and_clear();
                return Ok(outcome);
            }
        }
        self.bar.finish_and_clear();
        Ok(Outcome::Finished)
    }

    fn stage(&mut self, stage: &Stage, results: &mut Results) -> Result<Outcome> {
        let data = self.session.data(data_of(self.plan, &stage.data)?)?;
        let mut trainer = Trainer::new(stage, &data.fields(), self.parameters)?;
        let constants = Constants::new(stage, &mut trainer, &data, self.session.device)?;
        self.say_about(&constants);
        for _ in 0..stage.epochs {
            let epoch = results.epochs + 1;
            match self.epoch(epoch, &mut trainer, &data, &constants)? {
                End::Whole(whole) => {
                    results.epochs = epoch;
                    self.close_epoch(stage, epoch, &whole, &data, results)?;
                }
                End::Interrupted => return Ok(Outcome::Interrupted),
                End::Diverged(batch, edge, loss) => {
                    let edge = &stage.edges[edge];
                    return Ok(Outcome::Diverged(format!(
                        "the loss of edge `{}` ({}) became {loss} in epoch {epoch}, batch {batch} of {}\n\
                         try a smaller learning rate or weight; {} declares the edge",
                        edge.name,
                        edge.written,
                        data.steps(),
                        edge.at
                    )));
                }
            }
        }
        Ok(Outcome::Finished)
    }

    fn say_about(&self, constants: &Constants) {
        let line = match constants {
            Constants::Kept(_) => "the teachers' outputs are computed once and kept".to_string(),
            Constants::Recomputed(Reason::NothingToSave) => return,
            Constants::Recomputed(reason) => {
                format!("the teachers' outputs are computed in each step: {reason}")
            }
        };
        self.session.console.say_above(&self.bar, &line);
    }

    /// The first epoch goes on with the generator as initialisation left it, as PyTorch does; each later one
    /// starts from a seed of its own, so that it does not depend on those before it.
    fn epoch(
        &self,
        epoch: u64,
        trainer: &mut Trainer,
        data: &DataSet,
        constants: &Constants,
    ) -> Result<End> {
        if epoch > 1 {
            tch::manual_seed(derive_seed("epoch", self.seed, epoch) as i64);
        }
        let start = Instant::now();
        let order = data.shuffled(self.seed, epoch)?;
        let on_cpu = self.session.device == Device::Cpu;
        let mut losses: Vec<Tensor> = Vec::with_capacity(data.steps() as usize);
        let mut samples = 0;
        for step in 0..data.steps() {
            let from = step * data.batch_size();
            let size = data.batch_size().min(data.train.samples - from);
            let index = order.f_narrow(0, from, size)?;
            let batch = data.train.gather(&index)?;
            let known = constants.of(&index, &batch, trainer)?;
            let loss = trainer.step(&batch, &known)?;
            samples += size;
            if on_cpu {
                let values = Vec::<f64>::try_from(&loss.f_to_kind(Kind::Double)?)?;
                if let Some((edge, value)) = first_bad(&values) {
                    return Ok(End::Diverged(step as usize + 1, edge, value));
                }
                self.show(epoch, &values);
            }
            losses.push(loss);
            self.bar.inc(1);
            if interrupt::requested() {
                return Ok(End::Interrupted);
            }
        }
        // On a GPU this is where the host waits for it, once in an epoch.
        let losses = Tensor::f_stack(&losses, 0)?.f_to_kind(Kind::Double)?;
        let losses = Vec::<Vec<f64>>::try_from(losses)?;
        for (batch, values) in losses.iter().enumerate() {
            if let Some((edge, value)) = first_bad(values) {
                return Ok(End::Diverged(batch + 1, edge, value));
            }
        }
        Ok(End::Whole(Epoch {
            losses: means(&losses),
            seconds: start.elapsed().as_secs_f64(),
            samples,
        }))
    }

    fn show(&self, epoch: u64, losses: &[f64]) {
        let losses: Vec<_> = losses.iter().map(|loss| format!("{loss:.3}")).collect();
        self.bar.set_prefix(format!("epoch {epoch}"));
        self.bar.set_message(format!("loss {}", losses.join(", ")));
    }

    fn close_epoch(
        &mut self,
        stage: &Stage,
        epoch: u64,
        whole: &Epoch,
        data: &DataSet,
        results: &mut Results,
    ) -> Result<()> {
        let named = stage.edges.iter().zip(&whole.losses);
        let losses: BTreeMap<_, _> = named.clone().map(|(e, l)| (e.name.as_str(), *l)).collect();
        let mut line = EpochLine {
            stage: stage.name.as_deref(),
            epoch,
            total: named.map(|(edge, loss)| edge.weight * loss).sum(),
            images_per_second: whole.samples as f64 / whole.seconds,
            losses,
            hold_out_accuracy: BTreeMap::new(),
            test_accuracy: BTreeMap::new(),
        };
        if let Some(hold_out) = &data.hold_out {
            line.hold_out_accuracy = self.accuracies(data, hold_out)?;
        }
        if stage.test == TestTime::EachEpoch {
            line.test_accuracy = self.accuracies(data, &data.test)?;
        }
        results.losses = line
            .losses
            .iter()
            .map(|(k, v)| (k.to_string(), *v))
            .collect();
        self.say_epoch(stage, &line);
        let json = serde_json::to_string(&line);
        let json = json.map_err(|e| Failure::Bug(format!("an epoch cannot be written: {e}")))?;
        self.metrics.push_str(&json);
        self.metrics.push('\n');
        self.folder.write_text("metrics.jsonl", &self.metrics)
    }

    /// Of all students, in evaluation mode.
    fn accuracies(&self, data: &DataSet, split: &Split) -> Result<BTreeMap<String, f64>> {
        let mut accuracies = BTreeMap::new();
        for evaluation in &self.plan.evaluations {
            if students(self.plan).any(|s| s.name == evaluation.network) {
                let answers = evaluate(evaluation, self.parameters, data, split)?;
                accuracies.insert(evaluation.network.clone(), answers.accuracy()?);
            }
        }
        Ok(accuracies)
    }

    fn say_epoch(&self, stage: &Stage, line: &EpochLine) {
        let mut text = format!("epoch {}", line.epoch);
        if let Some(stage) = line.stage {
            text.push_str(&format!(" ({stage})"));
        }
        text.push_str(&format!("  loss {:.4}", line.total));
        if stage.edges.len() > 1 {
            let each: Vec<_> = stage.edges.iter().map(|e| e.name.as_str()).collect();
            let each = each
                .iter()
                .map(|name| format!("{name} {:.4}", line.losses[name]));
            text.push_str(&format!(" ({})", each.collect::<Vec<_>>().join(", ")));
        }
        for (what, accuracies) in [
            ("held out", &line.hold_out_accuracy),
            ("test", &line.test_accuracy),
        ] {
            for (network, accuracy) in accuracies {
                text.push_str(&format!("  {network} {} {what}", percent(*accuracy)));
            }
        }
        text.push_str(&format!("  {:.0} images/s", line.images_per_second));
        self.session.console.say_above(&self.bar, &text);
    }
}

fn first_bad(losses: &[f64]) -> Option<(usize, f64)> {
    let found = losses.iter().position(|loss| !loss.is_finite());
    found.map(|edge| (edge, losses[edge]))
}

fn means(rows: &[Vec<f64>]) -> Vec<f64> {
    let edges = rows.first().map_or(0, Vec::len);
    (0..edges)
        .map(|edge| rows.iter().map(|row| row[edge]).sum::<f64>() / rows.len() as f64)
        .collect()
}
