//! What answers depend on, as a text: the same text, the same answers.

use crate::data::DataSet;
use crate::failure::{Failure, Result};
use crate::layout;
use crate::libtorch::{self, device_name};
use crate::parameters::Parameters;
use crate::tf32::Tf32;
use kdc::hash::Fnv;
use kdc::plan::cache::Store;
use kdc::plan::{self, Mode, Program, Stage};
use serde::Serialize;
use std::collections::BTreeMap;
use tch::Device;

#[derive(Serialize)]
struct Key<'a> {
    kdc: &'a str,
    plan: u32,
    libtorch: &'a str,
    device: String,
    /// Of a GPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    tf32: Option<Tf32>,
    /// The last bits differ from one number to another.
    threads: u64,
    data: &'a str,
    samples: i64,
    /// What is done to the fields that teachers read, and how many make a batch.
    recipe: plan::DataSet,
    program: &'a Program,
    /// A hash of each parameter.
    weights: BTreeMap<&'a str, String>,
    store: Option<Store>,
}

pub fn key(stage: &Stage, data: &DataSet, parameters: &Parameters) -> Result<String> {
    let reads = |field: &str| {
        let name = format!("{}.{field}", data.plan.name);
        stage.constant.fields.contains(&name)
    };
    let mut recipe = data.plan.only(reads);
    // the hash says what they hold
    recipe.sources.clear();
    let key = Key {
        kdc: env!("CARGO_PKG_VERSION"),
        plan: plan::FORMAT,
        libtorch: libtorch::VERSION,
        device: device_name(parameters.device()),
        tf32: parameters.device().is_cuda().then(|| {
            let mode = if stage.fused { Mode::Fast } else { Mode::Exact };
            Tf32::of_stage(mode, stage)
        }),
        threads: tch::get_num_threads() as u64,
        data: &data.hash,
        samples: data.train.samples,
        recipe,
        program: &stage.constant,
        weights: weights(&stage.constant, parameters)?,
        store: stage.cache.as_ref().map(|cache| cache.store),
    };
    serde_json::to_string(&key).map_err(|e| Failure::Bug(format!("no key for the answers: {e}")))
}

fn weights<'p>(program: &'p Program, parameters: &Parameters) -> Result<BTreeMap<&'p str, String>> {
    let mut hashes = BTreeMap::new();
    for name in program.nodes.iter().flat_map(|n| n.parameters.values()) {
        if let Some(tensor) = parameters.get(name)
            && !hashes.contains_key(name.as_str())
        {
            let bytes = layout::bytes(&tensor.f_detach()?.f_to_device(Device::Cpu)?)?;
            hashes.insert(name.as_str(), format!("{:016x}", Fnv::of(&bytes)));
        }
    }
    Ok(hashes)
}
