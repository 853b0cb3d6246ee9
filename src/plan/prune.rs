//! Pruning: what no edge reaches is not computed in training.

use super::Pruned;
use super::names::Names;
use crate::program::experiment::Network;
use crate::program::graph::{Graph, NodeIndex, What};
use crate::program::value::Value;
use std::collections::HashSet;

/// The named values of a network that training does not compute, each with what it alone would cost.
pub fn pruned(
    graph: &Graph,
    names: &Names,
    network: &Network,
    computed: &HashSet<NodeIndex>,
) -> Vec<Pruned> {
    let mut known = computed.clone();
    let mut pruned = Vec::new();
    for (_, member) in &network.instance.members {
        let Value::Tensor(value) = member.value else {
            continue;
        };
        let missing: Vec<NodeIndex> = graph
            .needed([value])
            .into_iter()
            .filter(|node| matches!(graph.node(*node).what, What::Operation { .. }))
            .filter(|node| known.insert(*node))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let own = missing.iter().flat_map(|node| graph.own_parameters(*node));
        pruned.push(Pruned {
            value: names.of(value).to_string(),
            parameters: own
                .filter_map(|id| graph.parameter(id).shape.elements_per_sample())
                .sum(),
            multiply_adds: missing.iter().map(|node| multiply_adds(graph, *node)).sum(),
        });
    }
    pruned
}

/// Forward, for one sample.
pub fn multiply_adds(graph: &Graph, node: NodeIndex) -> u64 {
    match graph.node(node).what {
        What::Operation { multiply_adds, .. } => multiply_adds,
        What::Field(_) => 0,
    }
}
