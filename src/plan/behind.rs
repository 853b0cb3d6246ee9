//! What stands behind each value of an experiment, found in one pass.

use crate::plan::{Arg, Role};
use crate::program::experiment::{Depends, Experiment, own};
use crate::program::graph::{Node, NodeIndex, Owner, What};

#[derive(Clone, Copy, Default)]
pub struct Behind {
    /// Whose parameters.
    pub depends: Depends,
    /// Something that changes while a stage trains, whatever learns.
    pub changes: bool,
    /// A network that follows a student.
    pub follows: bool,
    /// A norm by the other samples of the batch, of a teacher.
    pub batch: bool,
    /// The samples.
    pub data: bool,
}

/// Of each node, by its index. Nodes are numbered after their operands.
pub fn all(experiment: &Experiment) -> Vec<Behind> {
    let graph = &experiment.graph;
    let mut all: Vec<Behind> = Vec::with_capacity(graph.len());
    for index in graph.indices() {
        let mut behind = alone(experiment, index);
        for operand in graph.operands(index) {
            behind.join(all[operand.index()]);
        }
        all.push(behind);
    }
    all
}

/// What a node brings itself.
fn alone(experiment: &Experiment, index: NodeIndex) -> Behind {
    let graph = &experiment.graph;
    let follows = graph.own_parameters(index).any(|id| {
        let owner = graph.parameter(id).owner.name();
        experiment.followers.iter().any(|f| f.network == owner)
    });
    let what = &graph.node(index).what;
    Behind {
        depends: own(graph, &experiment.networks, index),
        changes: match what {
            What::Operation { args, .. } => args.values().any(Arg::changes),
            What::Field(_) => false,
        },
        follows,
        batch: (experiment.stages.iter()).any(|stage| stage.batch_statistics)
            && by_batch(experiment, graph.node(index)),
        data: matches!(what, What::Field(_)),
    }
}

/// Whether a node is a teacher's batch norm, which `batch_statistics` is about.
pub fn by_batch(experiment: &Experiment, node: &Node) -> bool {
    let Owner::Network(owner) = &node.owner else {
        return false;
    };
    let mut teachers = experiment
        .networks
        .iter()
        .filter(|n| n.role == Role::Teacher);
    matches!(&node.what, What::Operation { op, .. } if op.name == "batch_norm")
        && teachers.any(|teacher| teacher.name == *owner)
}

impl Behind {
    fn join(&mut self, other: Behind) {
        self.depends.join(other.depends);
        self.changes |= other.changes;
        self.follows |= other.follows;
        self.batch |= other.batch;
        self.data |= other.data;
    }
}
