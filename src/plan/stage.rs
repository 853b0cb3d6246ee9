//! One stage of training: the programs that it runs, and what learns.

use super::lower::{Lowering, Mode};
use super::prune::pruned;
use super::{EdgeLoss, Stage};
use crate::program::experiment;
use crate::program::graph::{NodeIndex, What};
use crate::program::load::Modules;
use std::collections::{BTreeSet, HashSet};

impl Lowering<'_> {
    pub(super) fn stage(&self, modules: &Modules, stage: &experiment::Stage) -> Stage {
        let experiment = self.experiment;
        let edges = || stage.edges.iter().map(|at| &experiment.edges[*at]);
        let losses: Vec<NodeIndex> = edges().map(|edge| edge.loss).collect();
        let needed = self.closure(losses.iter().copied());
        let is_constant = |node: &NodeIndex| self.constant.contains(node);
        let step: Vec<NodeIndex> = needed.iter().copied().filter(|n| !is_constant(n)).collect();
        // constants that the step reads
        let read: BTreeSet<NodeIndex> = step
            .iter()
            .flat_map(|node| self.graph.operands(*node))
            .map(|operand| self.shared.of(operand))
            .filter(is_constant)
            .collect();
        let read: Vec<NodeIndex> = read.into_iter().collect();
        let constant = self.closure(read.iter().copied());
        // fields that only the teacher reads are not fields of the step
        let step_reads: HashSet<NodeIndex> =
            step.iter().flat_map(|n| self.graph.operands(*n)).collect();
        let step: Vec<NodeIndex> = step
            .into_iter()
            .filter(|n| {
                matches!(self.graph.node(*n).what, What::Operation { .. }) || step_reads.contains(n)
            })
            .collect();
        let computed: HashSet<NodeIndex> = needed.into_iter().collect();
        let training = Mode::Training(&stage.learning);
        Stage {
            name: stage.name.clone(),
            data: stage.data.name.clone(),
            epochs: stage.epochs,
            optimizer: stage.optimizer.clone(),
            test: stage.test,
            learns: self.learns(stage),
            constant: self.program(&constant, &[], &read, training),
            step: self.program(&step, &read, &losses, training),
            edges: edges().map(|edge| self.edge(modules, edge)).collect(),
            pruned: experiment
                .networks
                .iter()
                .flat_map(|network| pruned(self.graph, &self.names, network, &computed))
                .collect(),
        }
    }

    fn edge(&self, modules: &Modules, edge: &experiment::Edge) -> EdgeLoss {
        let file = modules.sources.get(edge.span.file);
        let line = file.position(edge.span.start as usize).line;
        EdgeLoss {
            name: edge.name.clone(),
            written: edge.written.clone(),
            at: format!("{}:{line}", file.name),
            value: self.names.of(self.shared.of(edge.loss)).to_string(),
            weight: edge.weight,
        }
    }

    /// The parameters that the stage's optimizer changes, in the plan's order.
    fn learns(&self, stage: &experiment::Stage) -> Vec<String> {
        (self.parameter_order().into_iter())
            .filter(|id| stage.learning.learns(*id))
            .map(|id| self.graph.parameter(id).name.clone())
            .collect()
    }
}
