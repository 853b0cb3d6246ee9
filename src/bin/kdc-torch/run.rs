//! One run: the stages of an experiment with one seed, epoch by epoch.

mod length;

use crate::checkpoint::{Checkpoint, Progress};
use crate::choice::{self, AllAnswers, Choice};
use crate::console::percent;
use crate::constants::{Constants, Request};
use crate::data::{DataSet, Feed, Split};
use crate::epoch_log::{End, Epoch, EpochLog};
use crate::evaluate::evaluate;
use crate::failure::{Failure, Result};
use crate::interrupt;
use crate::parameters::Parameters;
use crate::profile::{Part, Times};
use crate::random::derive_seed;
use crate::run_folder::{Results, RunFolder};
use crate::session::{Session, changing, data_of, students};
use crate::tf32::Tf32;
use crate::trainer::Trainer;
use indicatif::ProgressBar;
use kdc::diag::suggest::counted;
use kdc::plan::{self, Plan, Stage, TestTime};
use length::Length;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Instant;
use tch::{Device, Tensor};

pub struct Run<'a> {
    session: &'a Session,
    plan: &'a Plan,
    seed: u64,
    parameters: &'a Parameters,
    folder: &'a RunFolder,
    /// The lines of `metrics.jsonl`.
    metrics: String,
    bar: ProgressBar,
    /// When this part of the run began, and the seconds of those before it.
    start: Instant,
    before: f64,
    /// Of what trainers do not time themselves.
    pub times: Times,
}

pub enum Outcome {
    Finished,
    Interrupted,
    /// The edge, epoch and batch where a loss was no number any more.
    Diverged(String),
    /// What was expected of a network does not hold.
    Refused(String),
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
    samples_per_second: f64,
    /// Of the first student, on the epoch's own batches, as a share of 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    training_accuracy: Option<f64>,
    /// Of the students, as a share of 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hold_out_accuracy: BTreeMap<String, f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    test_accuracy: BTreeMap<String, f64>,
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
            start: Instant::now(),
            before: 0.0,
            times: Times::default(),
        }
    }

    /// From the beginning, or from where an earlier part of the run has come to.
    pub fn all_stages(
        &mut self,
        results: &mut Results,
        mut from: Option<Checkpoint>,
    ) -> Result<Outcome> {
        let mut batches = 0;
        for stage in &self.plan.stages {
            let data = self.session.data(data_of(self.plan, &stage.data)?)?;
            batches += Length::of(stage, &data).batches;
        }
        self.bar = self.session.console.steps(batches);
        if let Some(checkpoint) = &from {
            self.go_on(checkpoint, results)?;
        }
        let first = from.as_ref().map_or(0, |from| from.progress.stage);
        for (place, stage) in self.plan.stages.iter().enumerate().skip(first) {
            let outcome = match self.stage((place, stage), results, from.take()) {
                Err(Failure::Interrupted) => Outcome::Interrupted,
                outcome => outcome?,
            };
            results.seconds = self.seconds();
            if !matches!(outcome, Outcome::Finished) {
                self.bar.finish_and_clear();
                return Ok(outcome);
            }
        }
        self.bar.finish_and_clear();
        Ok(Outcome::Finished)
    }

    /// Makes everything what it was at the checkpoint, but for what belongs to its stage.
    fn go_on(&mut self, checkpoint: &Checkpoint, results: &mut Results) -> Result<()> {
        self.parameters.restore(&checkpoint.parameters)?;
        *results = checkpoint.progress.results.clone();
        self.before = results.seconds;
        // of an epoch behind the checkpoint a line may stand there
        let lines = self.folder.read_text("metrics.jsonl")?;
        let lines = lines.split_inclusive('\n');
        self.metrics = lines.take(results.epochs as usize).collect();
        Ok(())
    }

    fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }

    fn stage(
        &mut self,
        (place, stage): (usize, &Stage),
        results: &mut Results,
        from: Option<Checkpoint>,
    ) -> Result<Outcome> {
        if from.is_none()
            && let Some(unmet) = self.unmet_expectation(stage)?
        {
            return Ok(Outcome::Refused(unmet));
        }
        let data = self.session.data(data_of(self.plan, &stage.data)?)?;
        let student = students(self.plan).next();
        let watch =
            student.and_then(|s| self.plan.evaluations.iter().find(|e| e.network == s.name));
        let length = Length::of(stage, &data);
        let feed = Feed::new(data.clone(), self.beside(stage)?, self.seed);
        let mut trainer = Trainer::new(stage, &feed.fields(), self.parameters, watch)?;
        trainer.set_length(length.steps_per_epoch, length.steps);
        Tf32::of_stage(self.plan.mode, stage).allow()?;
        let request = Request {
            stage,
            data: &data,
            parameters: self.parameters,
            passes: length.epochs * self.plan.seeds.len() as u64,
            say: &|remark| self.session.console.say_above(&self.bar, remark),
        };
        let answers = &self.session.answers;
        let constants = answers.of_stage(&request, &mut trainer)?;
        let mut choice = Choice::new(stage);
        let mut before = results.epochs;
        if let Some(Checkpoint {
            progress,
            left,
            kept,
            ..
        }) = from
        {
            before = progress.before;
            trainer.go_on(progress.steps, &left)?;
            choice.go_on(&progress.marks, kept);
            self.bar
                .inc((results.epochs - before) * data.steps() as u64);
        }
        let last = before + length.epochs;
        while !trainer.is_done() {
            let epoch = results.epochs + 1;
            match self.epoch(epoch..=last, &mut trainer, &feed, &constants)? {
                End::Whole(whole) => {
                    results.epochs = epoch;
                    swap_average(&mut trainer)?;
                    let mut started = Instant::now();
                    Tf32::of_mode(self.plan.mode).allow()?;
                    let held_out = self.close_epoch(stage, epoch, &whole, &data, results)?;
                    Tf32::of_stage(self.plan.mode, stage).allow()?;
                    self.times.lap(Part::Measuring, &mut started);
                    let goes_on = choice.note(&held_out, self.parameters)?;
                    swap_average(&mut trainer)?;
                    if !goes_on {
                        self.say_stopped(stage, epoch);
                        break;
                    }
                    results.seconds = self.seconds();
                    let progress = Progress {
                        stage: place,
                        steps: trainer.steps_taken(),
                        before,
                        results: results.clone(),
                        marks: choice.marks(),
                    };
                    self.write_checkpoint(progress, &mut trainer, &choice)?;
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
        Tf32::of_mode(self.plan.mode).allow()?;
        self.times.add(&trainer.times());
        if !choice.restore(self.parameters)? {
            swap_average(&mut trainer)?;
        }
        Ok(Outcome::Finished)
    }

    fn write_checkpoint(
        &self,
        progress: Progress,
        trainer: &mut Trainer,
        choice: &Choice,
    ) -> Result<()> {
        let shallow = |tensors: &[Tensor]| tensors.iter().map(Tensor::shallow_clone).collect();
        let checkpoint = Checkpoint {
            progress,
            parameters: self.parameters.all(),
            left: trainer.left()?,
            kept: shallow(choice.kept()),
        };
        checkpoint.write(self.folder)
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

    /// What the stage expects and does not find, as a message.
    fn unmet_expectation(&self, stage: &Stage) -> Result<Option<String>> {
        for expected in &stage.expect {
            let network = &expected.score.network;
            let evaluation = self.plan.evaluations.iter().find(|e| e.network == *network);
            let evaluation = evaluation.ok_or_else(|| {
                Failure::Bug(format!(
                    "the plan expects something of `{network}`, which it cannot measure"
                ))
            })?;
            let data = self.session.data(data_of(self.plan, &evaluation.data)?)?;
            let answers = evaluate(evaluation, self.parameters, &data, &data.test)?;
            let answers = AllAnswers::from([(network.clone(), answers)]);
            let found = choice::value(&expected.score, &answers)?;
            let metric = expected.score.metric;
            if found < expected.at_least {
                return Ok(Some(format!(
                    "`{metric}({network}) >= {}` is expected, but it is {found:.4} on the test samples\n\
                     train `{network}` better, or expect less; {} says what is expected",
                    expected.at_least, expected.at
                )));
            }
        }
        Ok(None)
    }

    fn say_stopped(&self, stage: &Stage, epoch: u64) {
        let Some(stop) = &stage.stop else { return };
        let line = format!(
            "stopped after epoch {epoch}: `{}` has not become better for {}",
            stop.score.network,
            counted(stop.epochs as i64, "epoch")
        );
        self.session.console.say_above(&self.bar, &line);
    }

    /// The first of those to come. The first epoch of all goes on with the generator as initialisation left it, as PyTorch does; each later one
    /// starts from a seed of its own, so that it does not depend on those before it.
    fn epoch(
        &mut self,
        coming: RangeInclusive<u64>,
        trainer: &mut Trainer,
        feed: &Feed,
        constants: &Constants,
    ) -> Result<End> {
        let (epoch, last) = coming.into_inner();
        if epoch > 1 {
            tch::manual_seed(derive_seed("epoch", self.seed, epoch) as i64);
        }
        let start = Instant::now();
        let samples = feed.epoch(epoch)?;
        let on_cpu = self.session.device == Device::Cpu;
        for remark in constants.prepare(&samples, feed.epochs(epoch + 1..=last), trainer)? {
            self.session.console.say_above(&self.bar, &remark);
        }
        let mut log = EpochLog::default();
        for step in 0..feed.steps() {
            if trainer.is_done() {
                break;
            }
            let mut started = Instant::now();
            let (index, batch) = samples.batch(step)?;
            self.times.lap(Part::Data, &mut started);
            let known = constants.of((&samples, step), &index, &batch, trainer)?;
            log.add(trainer.step(&batch, &known)?, batch.size);
            if let Some(remark) = trainer.remark.take() {
                self.session.console.say_above(&self.bar, &remark);
            }
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
        trainer.finish_step()?;
        log.read()?;
        Ok(log.close(start))
    }

    fn show(&self, epoch: u64, log: &EpochLog) {
        let losses: Vec<_> = log
            .means()
            .iter()
            .map(|loss| format!("{loss:.3}"))
            .collect();
        let right = match log.accuracy() {
            Some(share) => format!("  {} right", percent(share)),
            None => String::new(),
        };
        self.bar.set_prefix(format!("epoch {epoch}"));
        self.bar
            .set_message(format!("loss {}{right}", losses.join(", ")));
    }

    /// Measures, reports and writes down an epoch. Gives the answers on the held-out samples.
    fn close_epoch(
        &mut self,
        stage: &Stage,
        epoch: u64,
        whole: &Epoch,
        data: &DataSet,
        results: &mut Results,
    ) -> Result<AllAnswers> {
        let named = stage.edges.iter().zip(&whole.losses);
        let losses: BTreeMap<_, _> = named.map(|(e, l)| (e.name.as_str(), *l)).collect();
        let mut line = EpochLine {
            stage: stage.name.as_deref(),
            epoch,
            total: whole.total,
            samples_per_second: whole.samples as f64 / whole.seconds,
            training_accuracy: whole.accuracy,
            losses,
            hold_out_accuracy: BTreeMap::new(),
            test_accuracy: BTreeMap::new(),
        };
        let mut held_out = AllAnswers::new();
        if let Some(split) = &data.hold_out {
            held_out = self.answers(data, split)?;
            line.hold_out_accuracy = accuracies(&held_out)?;
        }
        if stage.test == TestTime::EachEpoch {
            line.test_accuracy = accuracies(&self.answers(data, &data.test)?)?;
        }
        let losses = line.losses.iter().map(|(k, v)| (k.to_string(), *v));
        results.losses.extend(losses);
        self.say_epoch(stage, &line);
        let json = serde_json::to_string(&line);
        let json = json.map_err(|e| Failure::Bug(format!("an epoch cannot be written: {e}")))?;
        self.metrics.push_str(&json);
        self.metrics.push('\n');
        self.folder.write_text("metrics.jsonl", &self.metrics)?;
        Ok(held_out)
    }

    /// Of all networks that change, in evaluation mode.
    fn answers(&self, data: &DataSet, split: &Split) -> Result<AllAnswers> {
        let mut answers = AllAnswers::new();
        for evaluation in &self.plan.evaluations {
            let on_these = evaluation.data == data.plan.name;
            if on_these && changing(self.plan).any(|n| n.name == evaluation.network) {
                let given = evaluate(evaluation, self.parameters, data, split)?;
                answers.insert(evaluation.network.clone(), given);
            }
        }
        Ok(answers)
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
        text.push_str(&format!("  {:.0} samples/s", line.samples_per_second));
        self.session.console.say_above(&self.bar, &text);
    }
}

/// Puts the averaged students into the place of those that learn, or back.
fn swap_average(trainer: &mut Trainer) -> Result<()> {
    match &mut trainer.average {
        Some(average) => average.swap(),
        None => Ok(()),
    }
}

fn accuracies(answers: &AllAnswers) -> Result<BTreeMap<String, f64>> {
    let each = answers.iter();
    each.map(|(network, given)| Ok((network.clone(), given.accuracy()?)))
        .collect()
}
