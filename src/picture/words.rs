//! What is said of networks and losses.

use super::{Network, State};
use crate::plan::{self, Role};
use crate::program::experiment::{self, Experiment};
use crate::program::graph::Owner;
use crate::program::number::grouped;

/// What stands over a network.
pub fn network(
    experiment: &Experiment,
    drawn: &experiment::Network,
    network: &plan::Network,
) -> Network {
    let mut notes = vec![network.model.clone()];
    notes.extend(network.origin());
    let owner = Owner::Network(network.name.clone());
    let parameters = experiment.graph.parameters.iter();
    let own = parameters.filter(|p| p.owner == owner && !p.buffer);
    let sizes = own.filter_map(|p| p.shape.elements_per_sample());
    notes.push(format!("{} parameters", grouped(sizes.sum())));
    Network {
        name: network.name.clone(),
        role: network.role,
        state: state(experiment, drawn),
        notes,
    }
}

/// What becomes of a network's parameters, unless a stage lists what learns.
pub fn state(experiment: &Experiment, network: &experiment::Network) -> State {
    let follows = experiment
        .followers
        .iter()
        .any(|f| f.network == network.name);
    match network.role {
        Role::Student => State::Trained,
        Role::Teacher if follows => State::Follows,
        Role::Teacher => State::Frozen,
    }
}

/// The loss of an edge, and what it is given: `dkd` and `label: images.label, beta: 2`.
fn loss(edge: &experiment::Edge) -> (&str, Option<&str>) {
    match edge.by.split_once('(') {
        Some((name, given)) => (name, given.strip_suffix(')')),
        None => (&edge.by, None),
    }
}

/// What a loss is given, its weight, when it counts, and what `fit` stands for.
pub fn loss_notes(experiment: &Experiment, at: usize) -> Vec<String> {
    let edge = &experiment.edges[at];
    let (_, given) = loss(edge);
    let mut notes: Vec<String> = given.map(str::to_string).into_iter().collect();
    notes.push(format!("weight {}", edge.weight));
    let stages = &experiment.stages;
    let counts = stages.iter().filter(|stage| stage.edges.contains(&at));
    let counts: Vec<&str> = counts.filter_map(|stage| stage.name.as_deref()).collect();
    if stages.len() > 1 && !counts.is_empty() {
        notes.push(format!("stage {}", counts.join(", ")));
    }
    notes.extend(edge.fits.iter().map(|fit| format!("fit: {}", fit.layers)));
    notes
}

/// `mse`; with the edge's own name in front where that says more.
pub fn loss_title(edge: &experiment::Edge) -> String {
    let (loss, _) = loss(edge);
    match edge.name.strip_prefix(loss) {
        Some(rest) if rest.chars().all(|c| c.is_ascii_digit()) => loss.to_string(),
        _ => format!("{}: {loss}", edge.name),
    }
}
