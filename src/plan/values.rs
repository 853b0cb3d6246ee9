//! The values of a program: what gives each of them, and how often it is read.

use super::{Node, Program};
use std::collections::{HashMap, HashSet};

pub struct Values<'p> {
    nodes: &'p [Node],
    places: HashMap<&'p str, usize>,
    /// How many operands each value is; an output counts as one.
    readers: HashMap<&'p str, usize>,
}

impl<'p> Values<'p> {
    pub fn of(program: &'p Program) -> Values<'p> {
        let mut readers = HashMap::new();
        let read = program.nodes.iter().flat_map(|node| &node.inputs);
        for value in read.chain(&program.outputs) {
            *readers.entry(value.as_str()).or_insert(0) += 1;
        }
        let places = program.nodes.iter().enumerate();
        Values {
            nodes: &program.nodes,
            places: places.map(|(at, n)| (n.value.as_str(), at)).collect(),
            readers,
        }
    }

    /// The place of the node that gives a value; none of fields and constants.
    pub fn place(&self, value: &str) -> Option<usize> {
        self.places.get(value).copied()
    }

    pub fn node(&self, value: &str) -> Option<&'p Node> {
        self.place(value).map(|place| &self.nodes[place])
    }

    /// How often a value is an operand or an output.
    pub fn readers(&self, value: &str) -> usize {
        self.readers.get(value).copied().unwrap_or_default()
    }

    /// What gives an operand of a node, where that is one of these operations and nothing else reads it.
    pub fn only(&self, node: &Node, operand: usize, operations: &[&str]) -> Option<&'p Node> {
        let found = self.node(node.inputs.get(operand)?)?;
        let alone = self.readers(&found.value) == 1;
        (alone && operations.contains(&found.op.as_str())).then_some(found)
    }
}

/// Puts another node in the place of each that fits: `fits` gives it, and the values that are then not needed.
pub fn replace(
    program: &mut Program,
    fits: impl Fn(&Values, &Node) -> Option<(Node, Vec<String>)>,
) {
    let values = Values::of(program);
    let found: Vec<_> = program.nodes.iter().map(|n| fits(&values, n)).collect();
    let mut gone = HashSet::new();
    for (node, found) in program.nodes.iter_mut().zip(found) {
        if let Some((other, unread)) = found {
            *node = other;
            gone.extend(unread);
        }
    }
    program.nodes.retain(|node| !gone.contains(&node.value));
}
