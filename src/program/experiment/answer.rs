//! What is measured of each network: its output that says a class.

use super::graft::Graft;
use super::{Edge, Network};
use crate::plan::DataSet;
use crate::program::graph::{Graph, NodeIndex, What};
use crate::program::value::Value;
use crate::shape::Dim;
use std::collections::HashSet;
use std::rc::Rc;

/// The outputs that are held against the labels of a data set.
pub struct Answers {
    pub data: Rc<DataSet>,
    /// By the network's name.
    of: Vec<(String, NodeIndex)>,
}

impl Answers {
    /// Of each network the output that fits the labels: one that an edge compares with them, or else the first.
    pub fn new<'e>(
        graph: &Graph,
        networks: &[Network],
        edges: impl Iterator<Item = &'e Edge>,
        grafts: &[Graft],
        data: &Rc<DataSet>,
    ) -> Answers {
        let mut answers = Answers {
            data: data.clone(),
            of: Vec::new(),
        };
        let Some((field, classes, rank)) = data.label() else {
            return answers;
        };
        let fits = |value: &Value| match value {
            Value::Tensor(node) => {
                let dims = &graph.tensor(*node).shape.0;
                (dims.len() == rank && dims[rank - 1] == Dim::Known(classes)).then_some(*node)
            }
            _ => None,
        };
        let label = data.full_name(field);
        let is_label = |node: &NodeIndex| matches!(&graph.node(*node).what, What::Field(name) if *name == label);
        let targeted: HashSet<NodeIndex> = edges
            .filter(|edge| edge.sources.iter().any(is_label))
            .flat_map(|edge| edge.targets.iter().copied())
            .collect();
        for network in networks {
            let outputs = network.instance.outputs.iter();
            let fitting: Vec<_> = outputs.filter_map(|(n, v)| Some((n, fits(v)?))).collect();
            let found = fitting.iter().find(|(_, o)| targeted.contains(o));
            let Some((output, value)) = found.or(fitting.first()) else {
                continue;
            };
            let replaces = |g: &&Graft| g.network == network.name && g.output == **output;
            let graft = grafts.iter().find(replaces);
            let value = graft.map_or(*value, |graft| graft.value);
            answers.of.push((network.name.clone(), value));
        }
        answers
    }

    /// None of a network that is not measured.
    pub fn of(&self, network: &str) -> Option<NodeIndex> {
        let found = self.of.iter().find(|(name, _)| name == network);
        found.map(|(_, node)| *node)
    }

    pub fn all(&self) -> impl Iterator<Item = NodeIndex> {
        self.of.iter().map(|(_, node)| *node)
    }
}
