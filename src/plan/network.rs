//! Networks and parameters: where their numbers come from, and in which order they stand.

use super::lower::{Lowering, Mode, lower};
use super::{Network, Parameter, ParameterKind, Program, Role, Weights, WeightsFile};
use crate::program::experiment::{self, Experiment, Origin};
use crate::program::graph::{Owner, ParameterId, Start};
use crate::program::load::Modules;
use std::collections::HashSet;

impl Lowering<'_> {
    /// All parameters and buffers, in the plan's order.
    pub(super) fn parameters(&self) -> Vec<Parameter> {
        let parameter = |id: ParameterId| {
            let parameter = self.graph.parameter(id);
            let network = matches!(parameter.owner, Owner::Network(_));
            Parameter {
                name: parameter.name.clone(),
                owner: parameter.owner.name().to_string(),
                kind: match (parameter.buffer, network) {
                    (true, _) => ParameterKind::Buffer,
                    (false, true) => ParameterKind::Weight,
                    (false, false) => ParameterKind::Auxiliary,
                },
                shape: parameter.shape.clone(),
                init: parameter.init.clone(),
                again: parameter.again.as_ref().map(|again| again.init.clone()),
                then: parameter.then.map(|start| self.start(start)),
            }
        };
        self.order.iter().map(|id| parameter(*id)).collect()
    }

    /// What drawn values go through.
    fn start(&self, start: Start) -> Program {
        let nodes = self.closure([start.value]);
        self.program(&nodes, &[], &[start.value], Mode::Evaluation)
    }

    pub(super) fn networks(&self, modules: &Modules) -> Vec<Network> {
        let mut students = 0;
        let mut networks = Vec::new();
        for network in &self.experiment.networks {
            let origin = self
                .experiment
                .origins
                .iter()
                .find(|(name, _)| *name == network.name);
            let mut followers = self.experiment.followers.iter();
            let follower = followers.find(|f| f.network == network.name);
            let weights = match origin {
                Some((_, Origin::Experiment(trained))) => Weights::Experiment {
                    file: trained.file.clone(),
                    network: trained.network.clone(),
                    plan: Box::new(lower(modules, &trained.experiment)),
                },
                Some((_, Origin::File(file))) => Weights::File(WeightsFile {
                    offset: (network.role == Role::Student).then_some(students),
                    ..file.clone()
                }),
                None => match follower {
                    Some(follower) => Weights::Follows {
                        student: follower.of.clone(),
                    },
                    None => Weights::Initialised { offset: students },
                },
            };
            students += u64::from(network.role == Role::Student);
            networks.push(Network {
                grafted: self.grafted(network),
                name: network.name.clone(),
                role: network.role,
                model: network.model.clone(),
                weights,
            });
        }
        networks
    }

    /// What a network's answer needs besides its own parameters.
    fn grafted(&self, network: &experiment::Network) -> Vec<String> {
        let grafts = self.experiment.grafts.iter();
        let values = grafts
            .filter(|g| g.network == network.name)
            .map(|g| g.value);
        let read: HashSet<ParameterId> = (self.closure(values).into_iter())
            .flat_map(|node| self.graph.own_parameters(node).collect::<Vec<_>>())
            .collect();
        let own = Owner::Network(network.name.clone());
        (self.order.iter())
            .filter(|id| read.contains(id) && self.graph.parameter(**id).owner != own)
            .map(|id| self.graph.parameter(*id).name.clone())
            .collect()
    }
}

/// Networks in source order, then taps and losses. What is declared and not needed by any value is left out.
pub(super) fn order(experiment: &Experiment) -> Vec<ParameterId> {
    let graph = &experiment.graph;
    let unread = experiment.unread();
    let place = |id: &ParameterId| match &graph.parameter(*id).owner {
        Owner::Network(name) => experiment.networks.iter().position(|n| n.name == *name),
        _ => Some(experiment.networks.len()),
    };
    let all = (0..graph.parameters.len()).map(ParameterId);
    let placed = all.filter_map(|id| Some((place(&id)?, id)));
    let mut placed: Vec<_> = placed.filter(|(_, id)| !unread.contains(id)).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, id)| id).collect()
}
