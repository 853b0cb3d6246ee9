//! `kdc-torch bench`: how fast the steps of a plan are.

use crate::constants::{Answers, Constants, Request};
use crate::data::Feed;
use crate::failure::{Failure, Result};
use crate::memory;
use crate::parameters::{NamedTensors, Parameters};
use crate::session::{Session, data_of};
use crate::trainer::Trainer;
use clap::Args;
use kdc::plan::{DataSource, Keep, Plan, Stage, Weights};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;
use tch::Device;

const SEED: u64 = 42;

#[derive(Args)]
pub struct Options {
    /// Take so many drawn pictures, instead of the plan's data
    #[arg(long)]
    pictures: Option<u64>,
    /// Steps before those that are timed
    #[arg(long, default_value_t = 10)]
    warm_up: u16,
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    steps: u16,
}

/// In samples a second.
struct Speeds {
    /// With the teachers in each step.
    each: f64,
    /// With answers that are kept, and of the pass that makes them; none where they cannot be.
    kept: Option<(f64, f64)>,
}

/// Times steps of the first stage. Teachers are as they are initialised, which is as fast as trained ones.
/// Gives a line for each figure.
pub fn figures(session: &Session, plan: &Plan, options: &Options) -> Result<String> {
    let mut plan = plan.clone();
    if let Some(count) = options.pictures {
        for data in &mut plan.data {
            let (train, test) = (count, 1);
            data.sources = vec![DataSource::Shapes { train, test }];
        }
    }
    let plan = session.with_samples(&plan)?;
    let no_stage = || Failure::Usage("the plan trains nothing".into());
    let stage = plan.stages.first().ok_or_else(no_stage)?;
    let speeds = speeds(session, &plan, stage, options)?;
    let mut lines = vec![format!("each_step {}", speeds.each)];
    if let Some((step, teacher)) = speeds.kept {
        lines.push(format!("step {step}\nteacher {teacher}"));
    }
    if let Some(cache) = &stage.cache {
        lines.push(format!("teacher_multiply_adds {}", cache.multiply_adds));
    }
    let cost = &plan.cost;
    let learned = cost.student.multiply_adds + cost.auxiliary.multiply_adds;
    lines.push(format!("student_multiply_adds {learned}"));
    if let Some(peak) = memory::peak() {
        lines.push(format!("peak_mb {}", peak / 1_000_000));
    }
    Ok(lines.join("\n"))
}

fn speeds(session: &Session, plan: &Plan, stage: &Stage, options: &Options) -> Result<Speeds> {
    let data = session.data(data_of(plan, &stage.data)?)?;
    let weights = initial_teachers(plan)?;
    let parameters = Parameters::new(plan, SEED, session.device, &weights)?;
    let mut trainer = Trainer::new(stage, &data.fields(), &parameters, None)?;
    let feed = Feed::new(data.clone(), Vec::new(), SEED);
    let answers = Answers::new(PathBuf::new());
    let constants = |keep, trainer: &mut Trainer| {
        let mut stage = stage.clone();
        stage.cache.iter_mut().for_each(|cache| cache.keep = keep);
        let request = Request {
            stage: &stage,
            data: &data,
            parameters: &parameters,
            passes: 1,
            say: &|_| {},
        };
        answers.of_stage(&request, trainer)
    };
    let none = constants(Keep::Off, &mut trainer)?;
    let each = speed(&feed, &none, &mut trainer, options)?;
    let (start, before) = (Instant::now(), trainer.times().answered);
    let kept = constants(Keep::Memory, &mut trainer)?;
    kept.prepare(&feed.epoch(1)?, std::iter::empty(), &mut trainer)?;
    let answered = (trainer.times().answered - before) as f64;
    let teacher = answered / start.elapsed().as_secs_f64();
    Ok(Speeds {
        each,
        kept: match *kept {
            Constants::Recomputed => None,
            _ => {
                // they are shorter
                let steps = options.steps.saturating_mul(4);
                let options = &Options { steps, ..*options };
                Some((speed(&feed, &kept, &mut trainer, options)?, teacher))
            }
        },
    })
}

/// Of steps of the first epoch, again and again.
fn speed(
    feed: &Feed,
    constants: &Constants,
    trainer: &mut Trainer,
    options: &Options,
) -> Result<f64> {
    let epoch = feed.epoch(1)?;
    let mut steps = |from: i64, count: u16| -> Result<i64> {
        let (mut samples, mut last) = (0, None);
        for k in from..from + i64::from(count) {
            let k = k % feed.steps();
            let (index, batch) = epoch.batch(k)?;
            let known = constants.of((&epoch, k), &index, &batch, trainer)?;
            last = Some(trainer.step(&batch, &known)?.losses);
            samples += batch.size;
        }
        // reading a loss waits for the device
        if let Some(losses) = last {
            losses.f_double_value(&[0])?;
        }
        Ok(samples)
    };
    steps(0, options.warm_up)?;
    let start = Instant::now();
    let samples = steps(i64::from(options.warm_up), options.steps)?;
    Ok(samples as f64 / start.elapsed().as_secs_f64())
}

fn initial_teachers(plan: &Plan) -> Result<HashMap<String, NamedTensors>> {
    let mut weights = HashMap::new();
    for teacher in &plan.networks {
        if let Weights::Experiment { network, plan, .. } = &teacher.weights {
            let inner = initial_teachers(plan)?;
            let parameters = Parameters::new(plan, SEED, Device::Cpu, &inner)?;
            weights.insert(teacher.name.clone(), parameters.of_network(network)?);
        }
    }
    Ok(weights)
}
