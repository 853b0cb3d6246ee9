//! `kdc-torch bench`: how fast the steps of a plan are.

use crate::constants::{Constants, Request};
use crate::data::Feed;
use crate::failure::{Failure, Result};
use crate::parameters::{NamedTensors, Parameters};
use crate::session::{Session, data_of};
use crate::trainer::Trainer;
use clap::{Args, ValueEnum};
use kdc::plan::{Keep, Plan, Weights};
use std::collections::HashMap;
use std::time::Instant;
use tch::Device;

/// When the teachers' outputs are computed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Teachers {
    /// In each step.
    EachStep,
    /// Once, before the steps that are timed, as training does it.
    Once,
}

const SEED: u64 = 42;

#[derive(Args)]
pub struct Options {
    /// When the teachers' outputs are computed
    #[arg(long, value_enum, default_value_t = Teachers::EachStep)]
    teachers: Teachers,
    /// Steps before those that are timed
    #[arg(long, default_value_t = 10)]
    warm_up: u16,
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    steps: u16,
}

/// Times steps of the first stage and gives the images per second. Teachers are as they are initialised,
/// which is as fast as trained ones.
pub fn images_per_second(session: &Session, plan: &Plan, options: &Options) -> Result<f64> {
    let plan = &session.with_samples(plan)?;
    let mut stage = plan
        .stages
        .first()
        .ok_or_else(|| Failure::Usage("the plan trains nothing".into()))?
        .clone();
    let data = session.data(data_of(plan, &stage.data)?)?;
    let weights = initial_teachers(plan)?;
    let parameters = Parameters::new(plan, SEED, session.device, &weights)?;
    let mut trainer = Trainer::new(&stage, &data.fields(), &parameters, None)?;
    if let Some(cache) = &mut stage.cache {
        cache.keep = match options.teachers {
            Teachers::EachStep => Keep::Off,
            Teachers::Once => Keep::Memory,
        };
    }
    let request = Request {
        stage: &stage,
        data: &data,
        parameters: &parameters,
        seeds: 1,
    };
    let (constants, _) = session.answers.of_stage(&request, &mut trainer)?;
    if let (Teachers::Once, Constants::Recomputed(reason)) = (options.teachers, &*constants) {
        return Err(Failure::Usage(format!(
            "the teachers' outputs cannot be kept: {reason}"
        )));
    }
    let size = data.batch_size();
    let whole_batches = data.train.samples / size;
    if whole_batches == 0 {
        return Err(Failure::Usage("there is not one whole batch".into()));
    }
    let feed = Feed::new(data, Vec::new(), SEED);
    let epoch = feed.epoch(1)?;
    constants.prepare(&epoch, &mut trainer)?;

    let mut step = |k: i64| -> Result<f64> {
        let k = k % whole_batches;
        let (index, batch) = epoch.batch(k)?;
        let known = constants.of((&epoch, k), &index, &batch, &mut trainer)?;
        // Reading the loss waits for the device.
        Ok(trainer.step(&batch, &known)?.losses.f_double_value(&[0])?)
    };
    for k in 0..options.warm_up.into() {
        step(k)?;
    }
    let start = Instant::now();
    for k in 0..options.steps.into() {
        step(k)?;
    }
    Ok((i64::from(options.steps) * size) as f64 / start.elapsed().as_secs_f64())
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
