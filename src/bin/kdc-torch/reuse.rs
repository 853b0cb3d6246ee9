//! Whether an earlier run's result still is what its experiment would give.

use crate::run_folder::{Record, RunFolder, Status};
use crate::weights;
use kdc::plan::{DataSet, Mode, Plan, Stage, Weights, WeightsFile};
use std::fmt;
use std::path::Path;

#[derive(Debug, PartialEq)]
pub enum Fit {
    Fits,
    /// Nobody has trained it here.
    Missing,
    /// It was interrupted or diverged.
    Unfinished,
    /// What has changed since.
    Changed(Vec<&'static str>),
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fit::Fits => f.write_str("nothing that it depends on has changed"),
            Fit::Missing => f.write_str("it has no result yet"),
            Fit::Unfinished => f.write_str("its last run was not finished"),
            Fit::Changed(what) => {
                let one = matches!(what[..], [one] if !one.ends_with('s'));
                let verb = if one { "has" } else { "have" };
                write!(f, "its {} {verb} changed", what.join(" and its "))
            }
        }
    }
}

/// The seed whose result others use.
pub fn first_seed(plan: &Plan) -> u64 {
    plan.seeds.first().copied().unwrap_or_default()
}

/// Compares the result in `runs` with what `plan` would train. `data_hash` tells what a data set holds now.
pub fn fit(runs: &Path, plan: &Plan, data_hash: &dyn Fn(&DataSet) -> Option<String>) -> Fit {
    let folder = RunFolder::of(runs, plan, first_seed(plan));
    let (Some(record), Some(then)) = (folder.record(), folder.plan()) else {
        return Fit::Missing;
    };
    if record.status != Status::Finished {
        return Fit::Unfinished;
    }
    // what was trained exactly serves a fast experiment too
    let then = match plan.mode {
        Mode::Fast => then.fast(),
        Mode::Exact => then,
    };
    let mut changed = changed_sections(&without_sources(&then), &without_sources(plan));
    let same_data = plan.data.iter().all(|data| {
        let recorded = record.data.iter().find(|r| r.name == data.name);
        recorded.map(|r| r.hash.clone()) == data_hash(data)
    });
    if !same_data && !changed.contains(&"data") {
        changed.push("data");
    }
    let teachers_fit = plan.networks.iter().all(|network| match &network.weights {
        Weights::Experiment { plan, .. } => fit(runs, plan, data_hash) == Fit::Fits,
        Weights::File(_) | Weights::Initialised { .. } | Weights::Follows { .. } => true,
    });
    let same_weights = weights_files(plan).all(|(network, file)| {
        let recorded = record.weights.iter().find(|r| r.network == network);
        recorded.map(|r| &r.hash) == weights::hash(file).ok().as_ref()
    });
    if !same_weights {
        changed.push("weights");
    }
    if !teachers_fit {
        changed.push("own teacher");
    }
    if changed.is_empty() {
        Fit::Fits
    } else {
        Fit::Changed(changed)
    }
}

/// The files that networks of the plan itself have their weights from.
pub fn weights_files(plan: &Plan) -> impl Iterator<Item = (&str, &WeightsFile)> {
    plan.networks
        .iter()
        .filter_map(|network| match &network.weights {
            Weights::File(file) => Some((network.name.as_str(), file)),
            _ => None,
        })
}

/// The run that the folder holds, and whether it is one of this plan under the same circumstances. `now` is the record with
/// which one would begin.
pub fn earlier(folder: &RunFolder, plan: &Plan, now: &Record) -> Option<(Record, Fit)> {
    let (record, then) = (folder.record()?, folder.plan()?);
    let mut changed = changed_sections(&without_sources(&then), &without_sources(plan));
    let mut compare = |same: bool, what| {
        if !same && !changed.contains(&what) {
            changed.push(what);
        }
    };
    compare(record.data == now.data, "data");
    compare(record.weights == now.weights, "weights");
    let device = |record: &Record| (record.device.clone(), record.threads);
    compare(device(&record) == device(now), "device");
    compare(record.versions == now.versions, "version");
    let fit = match changed.is_empty() {
        true => Fit::Fits,
        false => Fit::Changed(changed),
    };
    Some((record, fit))
}

fn changed_sections(then: &Plan, now: &Plan) -> Vec<&'static str> {
    let settings = |stage: &Stage| Stage {
        constant: Default::default(),
        step: Default::default(),
        edges: Vec::new(),
        ..stage.clone()
    };
    let settings = |plan: &Plan| plan.stages.iter().map(settings).collect::<Vec<_>>();
    let edges = |plan: &Plan| {
        plan.stages
            .iter()
            .map(|s| s.edges.clone())
            .collect::<Vec<_>>()
    };
    let networks = |plan: &Plan| (plan.networks.clone(), plan.parameters.clone());
    let mut changed = Vec::new();
    let mut compare = |same: bool, what| {
        if !same {
            changed.push(what);
        }
    };
    compare(then.data == now.data, "data");
    compare(then.seeds == now.seeds, "seed");
    compare(networks(then) == networks(now), "networks");
    compare(settings(then) == settings(now), "settings");
    compare(edges(then) == edges(now), "edges");
    compare(then.mode == now.mode, "mode");
    // What is left: the same declarations compute something else.
    if changed.is_empty() && then != now {
        changed.push("computation");
    }
    changed
}

/// The texts and the compiler may change as long as they say the same, files of weights may move, and what
/// is kept is what would be computed.
fn without_sources(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.kdc.clear();
    plan.sources.clear();
    for stage in &mut plan.stages {
        stage.cache = None;
        for edge in &mut stage.edges {
            edge.at.clear();
        }
        for expected in &mut stage.expect {
            expected.at.clear();
        }
    }
    for network in &mut plan.networks {
        match &mut network.weights {
            Weights::Experiment { plan, .. } => **plan = without_sources(plan),
            Weights::File(file) => {
                file.path.clear();
                file.at.clear();
            }
            Weights::Initialised { .. } | Weights::Follows { .. } => {}
        }
    }
    plan
}
