//! One stage of training: the programs that it runs, and what learns.

use super::lower::{Lowering, Mode};
use super::prune::{multiply_adds, pruned};
use super::{EdgeLoss, Expectation, Group, Role, Stage, Update};
use super::{cache, precision};
use crate::program::elaborate;
use crate::program::experiment::{self, Length, Precision};
use crate::program::graph::{NodeIndex, ParameterId, What};
use crate::program::load::Modules;
use crate::source::Span;
use std::collections::{BTreeSet, HashSet};

impl Lowering<'_> {
    pub(super) fn stage(&self, modules: &Modules, stage: &experiment::Stage) -> Stage {
        let experiment = self.experiment;
        let edges = || stage.edges.iter().map(|at| &experiment.edges[*at]);
        let losses: Vec<NodeIndex> = edges().map(|edge| edge.loss).collect();
        let updates = self.updates(&losses);
        let updated = updates
            .iter()
            .flat_map(|u| u.index.into_iter().chain([u.value]));
        let outputs: Vec<NodeIndex> = losses.iter().copied().chain(updated).collect();
        let needed = self.closure(outputs.iter().copied());
        let is_constant = |node: &NodeIndex| self.constant.contains(node);
        let step: Vec<NodeIndex> = needed.iter().copied().filter(|n| !is_constant(n)).collect();
        // constants that the step reads
        let read: BTreeSet<NodeIndex> = step
            .iter()
            .flat_map(|node| self.graph.operands(*node))
            .chain(outputs.iter().copied())
            .map(|read| self.shared.of(read))
            .filter(is_constant)
            .collect();
        let read: Vec<NodeIndex> = read.into_iter().collect();
        let constant = self.closure(read.iter().copied());
        // fields that only the teacher reads are not fields of the step
        let step_reads: HashSet<NodeIndex> = (step.iter())
            .flat_map(|n| self.graph.operands(*n))
            .chain(outputs.iter().copied())
            .collect();
        let step: Vec<NodeIndex> = step
            .into_iter()
            .filter(|n| {
                matches!(self.graph.node(*n).what, What::Operation { .. }) || step_reads.contains(n)
            })
            .collect();
        let computed: HashSet<NodeIndex> = needed.into_iter().collect();
        let training = Mode::Training(stage);
        let name = |node: &NodeIndex| self.names.of(self.shared.of(*node)).to_string();
        let program = |nodes: &[NodeIndex], constants: &[NodeIndex], outputs: &[NodeIndex]| {
            let mut program = self.program(nodes, constants, outputs, training);
            if stage.precision == Precision::Bf16 {
                let known = nodes.iter().chain(constants);
                let shapes = known.map(|n| (name(n), self.graph.tensor(*n).shape.clone()));
                precision::reduce(&mut program, shapes.collect());
            }
            program
        };
        let constant_costs = constant.iter().map(|node| multiply_adds(self.graph, *node));
        let constant_costs = constant_costs.sum();
        let mut lowered = Stage {
            name: stage.name.clone(),
            data: stage.data.name.clone(),
            epochs: match stage.length {
                Length::Epochs(epochs) => Some(epochs),
                Length::Steps(_) => None,
            },
            steps: match stage.length {
                Length::Steps(steps) => Some(steps),
                Length::Epochs(_) => None,
            },
            optimizer: stage.optimizer.clone(),
            fused: false,
            tf32: stage.precision == Precision::Tf32,
            accumulate: stage.accumulate,
            clip: stage.clip,
            groups: self.groups(stage),
            average: stage.average.clone(),
            followers: experiment.followers.clone(),
            expect: self.expectations(modules, stage),
            keep: stage.keep.clone(),
            stop: stage.stop.clone(),
            test: stage.test,
            learns: self.learns(stage),
            constant: program(&constant, &[], &read),
            cache: None,
            step: program(&step, &read, &outputs),
            edges: edges().map(|edge| self.edge(modules, edge)).collect(),
            updates: updates.iter().map(|u| self.update(u)).collect(),
            pruned: experiment
                .networks
                .iter()
                .flat_map(|network| pruned(self.graph, &self.names, network, &computed))
                .collect(),
        };
        precision::freeze(&mut lowered.constant);
        let seeds = experiment.seeds.len() as u64;
        lowered.cache = cache::decide(&lowered, &stage.data, seeds, stage.cache, constant_costs);
        lowered
    }

    /// Those of the states that the losses, or the updates themselves, read and no teacher owns.
    fn updates(&self, losses: &[NodeIndex]) -> Vec<&elaborate::Update> {
        let learning = |update: &&elaborate::Update| {
            let owner = &self.graph.parameter(update.state).owner;
            self.role(owner) != Some(Role::Teacher)
        };
        let all: Vec<_> = self.experiment.updates.iter().filter(learning).collect();
        if all.is_empty() {
            return all;
        }
        let mut wanted = losses.to_vec();
        loop {
            let read = self.closure(wanted.iter().copied()).into_iter();
            let read: HashSet<ParameterId> = read
                .flat_map(|node| self.graph.own_parameters(node).collect::<Vec<_>>())
                .collect();
            let due: Vec<_> = (all.iter().copied())
                .filter(|update| read.contains(&update.state))
                .collect();
            let before = wanted.len();
            wanted = losses.to_vec();
            wanted.extend(
                due.iter()
                    .flat_map(|u| u.index.into_iter().chain([u.value])),
            );
            if wanted.len() == before {
                return due;
            }
        }
    }

    fn update(&self, update: &elaborate::Update) -> Update {
        let name = |node: NodeIndex| self.names.of(self.shared.of(node)).to_string();
        Update {
            state: self.graph.parameter(update.state).name.clone(),
            rows: update.index.map(name),
            value: name(update.value),
        }
    }

    fn groups(&self, stage: &experiment::Stage) -> Vec<Group> {
        let named = |group: &experiment::Group| Group {
            lr: group.settings.lr.clone(),
            weight_decay: group.settings.weight_decay,
            parameters: (self.order.iter())
                .filter(|id| group.parameters.contains(id))
                .map(|id| self.graph.parameter(*id).name.clone())
                .collect(),
        };
        stage.groups.iter().map(named).collect()
    }

    fn expectations(&self, modules: &Modules, stage: &experiment::Stage) -> Vec<Expectation> {
        let expectation = |expected: &experiment::Expectation| Expectation {
            score: expected.score.clone(),
            at_least: expected.at_least,
            at: place(modules, expected.span),
        };
        stage.expect.iter().map(expectation).collect()
    }

    fn edge(&self, modules: &Modules, edge: &experiment::Edge) -> EdgeLoss {
        EdgeLoss {
            name: edge.name.clone(),
            written: edge.written.clone(),
            at: place(modules, edge.span),
            value: self.names.of(self.shared.of(edge.loss)).to_string(),
            fits: edge.fits.clone(),
            weight: edge.weight.clone(),
        }
    }

    /// The parameters that the stage's optimizer changes, in the plan's order.
    fn learns(&self, stage: &experiment::Stage) -> Vec<String> {
        (self.order.iter())
            .filter(|id| stage.learning.learns(**id))
            .map(|id| self.graph.parameter(*id).name.clone())
            .collect()
    }
}

/// `examples/hint.kd:9`
fn place(modules: &Modules, span: Span) -> String {
    let file = modules.sources.get(span.file);
    let line = file.position(span.start as usize).line;
    format!("{}:{line}", file.name)
}
