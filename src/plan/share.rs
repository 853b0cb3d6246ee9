//! Sharing: what is computed twice from the same values is computed once.

use crate::program::graph::{Graph, NodeIndex, What};
use std::collections::HashMap;

/// For every node the first one that computes the same.
pub struct Shared {
    first: Vec<NodeIndex>,
}

impl Shared {
    pub fn new(graph: &Graph) -> Shared {
        let mut shared = Shared {
            first: graph.indices().collect(),
        };
        let mut known: HashMap<String, NodeIndex> = HashMap::new();
        for index in graph.indices() {
            if let Some(key) = shared.key(graph, index) {
                shared.first[index.index()] = *known.entry(key).or_insert(index);
            }
        }
        shared
    }

    pub fn of(&self, index: NodeIndex) -> NodeIndex {
        self.first[index.index()]
    }

    /// What decides a node's value; none where two of a kind differ all the same: random masks, batch
    /// statistics that move.
    fn key(&self, graph: &Graph, index: NodeIndex) -> Option<String> {
        let What::Operation {
            op,
            args,
            parameters,
            ..
        } = &graph.node(index).what
        else {
            return None;
        };
        if op.modal || op.random {
            return None;
        }
        let operands: Vec<NodeIndex> = graph
            .operands(index)
            .into_iter()
            .map(|o| self.of(o))
            .collect();
        Some(format!("{} {operands:?} {args:?} {parameters:?}", op.name))
    }
}
