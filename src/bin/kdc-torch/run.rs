//! One run: the stages of an experiment with one seed, epoch by epoch.

use crate::console::percent;
use crate::constants::{Answers, Constants, Reason};
use crate::data::{DataSet, Feed, Split};
use crate::evaluate::evaluate;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::parameters::Parameters;
use crate::random::derive_seed;
use crate::run_folder::{Results, RunFolder};
use crate::session::{Session, data_of, students};
use crate::trainer::{Step, Trainer};
use indicatif::ProgressBar;
use kdc::plan::{self, Plan, Stage, TestTime};
use serde::Serialize;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

pub struct Run<'a> {
    session: &'a Session,
    plan: &'a Plan,
    seed: u64,
    parameters: &'a Parameters,
    folder: &'a RunFolder,
    answers: &'a Answers,
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
    /// Of the first student, on the epoch's own batches, as a share of 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    training_accuracy: Option<f64>,
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
    /// How many samples were recognised.
    right: Option<f64>,
    seconds: f64,
    samples: i64,
}

/// How an epoch may end.
enum End {
    Whole(Epoch),
    Interrupted,
    Diverged(BadLoss),
}

impl<'a> Run<'a> {
    pub fn new(
        session: &'a Session,
        plan: &'a Plan,
        seed: u64,
        parameters: &'a Parameters,
        folder: &'a RunFolder,
        answers: &'a Answers,
    ) -> Run<'a> {
        Run {
            session,
            plan,
            seed,
            parameters,
            folder,
            answers,
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
        let student = students(self.plan).next();
        let watch =
            student.and_then(|s| self.plan.evaluations.iter().find(|e| e.network == s.name));
        let feed = Feed::new(data.clone(), self.beside(stage)?, self.seed);
        let mut trainer = Trainer::new(stage, &feed.fields(), self.parameters, watch)?;
        let constants = self.answers.of_stage(stage, || {
            Constants::new(stage, &mut trainer, &data, self.session.device)
        })?;
        self.say_about(&constants);
        for _ in 0..stage.epochs {
            let epoch = results.epochs + 1;
            match self.epoch(epoch, &mut trainer, &feed, &constants)? {
                End::Whole(whole) => {
                    results.epochs = epoch;
                    self.close_epoch(stage, epoch, &whole, &data, results)?;
                }
                End::Interrupted => return Ok(Outcome::Interrupted),
                End::Diverged(bad) => {
                    let edge = &stage.edges[bad.edge];
                    return Ok(Outcome::Diverged(format!(
                        "the loss of edge `{}` ({}) became {} in epoch {epoch}, batch {} of {}\n\
                         try a smaller learning rate or weight; {} declares the edge",
                        edge.name,
                        edge.written,
                        bad.loss,
                        bad.batch,
                        data.steps(),
                        edge.at
                    )));
                }
            }
        }
        Ok(Outcome::Finished)
    }

    /// The data sets that the stage reads besides the one that makes its epochs.
    fn beside(&self, stage: &Stage) -> Result<Vec<Rc<DataSet>>> {
        let reads = |set: &plan::DataSet| {
            let fields = stage.constant.fields.iter().chain(&stage.step.fields);
            let mut sets = fields.filter_map(|field| field.split_once('.'));
            set.name != stage.data && sets.any(|(name, _)| name == set.name)
        };
        let beside = self.plan.data.iter().filter(|set| reads(set));
        beside.map(|set| self.session.data(set)).collect()
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
        feed: &Feed,
        constants: &Constants,
    ) -> Result<End> {
        if epoch > 1 {
            tch::manual_seed(derive_seed("epoch", self.seed, epoch) as i64);
        }
        let start = Instant::now();
        let samples = feed.epoch(epoch)?;
        let on_cpu = self.session.device == Device::Cpu;
        let mut log = EpochLog::default();
        for step in 0..feed.steps() {
            let (index, batch) = samples.batch(step)?;
            let known = constants.of(&index, &batch, trainer)?;
            log.add(trainer.step(&batch, &known)?, batch.size);
            // On a GPU reading a loss would wait for it, so it is left for the epoch's end.
            if on_cpu {
                log.read()?;
                if log.bad.is_some() {
                    break;
                }
                self.show(epoch, &log);
            }
            self.bar.inc(1);
            if interrupt::requested() {
                return Ok(End::Interrupted);
            }
        }
        log.read()?;
        Ok(log.close(start))
    }

    fn show(&self, epoch: u64, log: &EpochLog) {
        let losses: Vec<_> = log
            .means()
            .iter()
            .map(|loss| format!("{loss:.3}"))
            .collect();
        let right = match log.right {
            Some(right) => format!("  {} right", percent(right / log.samples as f64)),
            None => String::new(),
        };
        self.bar.set_prefix(format!("epoch {epoch}"));
        self.bar
            .set_message(format!("loss {}{right}", losses.join(", ")));
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
            training_accuracy: whole.right.map(|right| right / whole.samples as f64),
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
        let losses = line.losses.iter().map(|(k, v)| (k.to_string(), *v));
        results.losses.extend(losses);
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
            let student = students(self.plan).any(|s| s.name == evaluation.network);
            if student && evaluation.data == data.plan.name {
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
        if let Some(share) = line.training_accuracy {
            text.push_str(&format!("  {} right", percent(share)));
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

/// What the steps of an epoch gave.
#[derive(Default)]
struct EpochLog {
    /// Still on the device.
    unread: Vec<Step>,
    /// Of each edge's losses.
    sums: Vec<f64>,
    steps: usize,
    right: Option<f64>,
    samples: i64,
    bad: Option<BadLoss>,
}

/// A loss that is no finite number.
#[derive(Clone, Copy)]
struct BadLoss {
    /// From 1 on.
    batch: usize,
    /// From 0 on.
    edge: usize,
    loss: f64,
}

impl EpochLog {
    fn add(&mut self, step: Step, samples: i64) {
        self.unread.push(step);
        self.samples += samples;
    }

    /// Waits for the device.
    fn read(&mut self) -> Result<()> {
        if self.unread.is_empty() {
            return Ok(());
        }
        let steps = std::mem::take(&mut self.unread);
        let stack = |tensors: Vec<&Tensor>| Tensor::f_stack(&tensors, 0)?.f_to_kind(Kind::Double);
        let losses = stack(steps.iter().map(|step| &step.losses).collect())?;
        for losses in Vec::<Vec<f64>>::try_from(losses)? {
            self.read_step(&losses);
        }
        let right: Vec<&Tensor> = steps.iter().filter_map(|s| s.right.as_ref()).collect();
        if !right.is_empty() {
            let sum = f64::try_from(stack(right)?.f_sum(None)?)?;
            self.right = Some(self.right.unwrap_or(0.0) + sum);
        }
        Ok(())
    }

    fn read_step(&mut self, losses: &[f64]) {
        self.steps += 1;
        self.sums.resize(losses.len(), 0.0);
        for (edge, &loss) in losses.iter().enumerate() {
            self.sums[edge] += loss;
            if !loss.is_finite() && self.bad.is_none() {
                self.bad = Some(BadLoss {
                    batch: self.steps,
                    edge,
                    loss,
                });
            }
        }
    }

    /// Each edge's, over the steps.
    fn means(&self) -> Vec<f64> {
        let steps = self.steps as f64;
        self.sums.iter().map(|sum| sum / steps).collect()
    }

    fn close(self, start: Instant) -> End {
        match self.bad {
            Some(bad) => End::Diverged(bad),
            None => End::Whole(Epoch {
                losses: self.means(),
                right: self.right,
                seconds: start.elapsed().as_secs_f64(),
                samples: self.samples,
            }),
        }
    }
}
