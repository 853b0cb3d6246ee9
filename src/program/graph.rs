//! The graph of an experiment: every tensor that its networks, taps and losses compute.
//!
//! A node is a tensor, an edge says which operand of which node it is. Shapes are known as soon as
//! a node stands, because nodes are added in the order in which they can be computed.

use crate::plan::{Arg, Init};
use crate::program::ops::{Element, Operation, Tensor};
use crate::shape::Shape;
use crate::source::Span;
use petgraph::graph::DiGraph;
use petgraph::visit::EdgeRef;
use petgraph::{Direction, visit};
use std::collections::{BTreeMap, HashMap, HashSet};

pub use petgraph::graph::NodeIndex;

/// A parameter's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterId(pub usize);

/// What a tensor or parameter belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    Data,
    Network(String),
    Tap(String),
    /// By its name, written or made.
    Edge(String),
}

impl Owner {
    pub fn name(&self) -> &str {
        match self {
            Owner::Data => "data",
            Owner::Network(name) | Owner::Tap(name) | Owner::Edge(name) => name,
        }
    }
}

pub struct Node {
    /// What the plan calls it; made unique there.
    pub name: String,
    /// Whether the user gave it the name.
    pub named: bool,
    pub what: What,
    pub tensor: Tensor,
    pub owner: Owner,
    pub span: Span,
}

pub enum What {
    /// A field of a batch: `images.image`.
    Field(String),
    Operation {
        op: &'static Operation,
        /// Number operands among them, under the operand's name.
        args: BTreeMap<String, Arg>,
        /// By role.
        parameters: Vec<(&'static str, ParameterId)>,
        multiply_adds: u64,
    },
}

pub struct Parameter {
    /// With its owner in front.
    pub name: String,
    pub owner: Owner,
    pub shape: Shape,
    pub init: Init,
    /// How it starts instead, drawn when all that its owner has is there: what an `init` of a model says.
    pub again: Option<Again>,
    /// The operation that owns it; none of a `param` or `state`.
    pub layer: Option<&'static Operation>,
    /// What the drawn values go through.
    pub then: Option<Start>,
    /// Never trained: batch norm's running statistics, and states.
    pub buffer: bool,
    pub span: Span,
}

pub struct Again {
    pub init: Init,
    /// Whether the `init` names the layer, and not an operation.
    pub named: bool,
}

/// A formula between the drawn values and the start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The node that stands for what was drawn.
    pub drawn: NodeIndex,
    pub value: NodeIndex,
}

#[derive(Default)]
pub struct Graph {
    nodes: DiGraph<Node, u32>,
    pub parameters: Vec<Parameter>,
    by_name: HashMap<String, ParameterId>,
}

impl Graph {
    pub fn add(&mut self, node: Node, operands: &[NodeIndex]) -> NodeIndex {
        let index = self.nodes.add_node(node);
        for (position, &operand) in operands.iter().enumerate() {
            self.nodes.add_edge(operand, index, position as u32);
        }
        index
    }

    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index]
    }

    pub fn tensor(&self, index: NodeIndex) -> &Tensor {
        &self.nodes[index].tensor
    }

    /// Gives a tensor the user's name for it; the first such name stays.
    pub fn name(&mut self, index: NodeIndex, name: String) {
        let node = &mut self.nodes[index];
        if !node.named {
            node.name = name;
            node.named = true;
        }
    }

    /// Gives a tensor the name by which it is seen from outside, whatever it was called.
    pub fn rename(&mut self, index: NodeIndex, name: String) {
        let node = &mut self.nodes[index];
        if matches!(node.what, What::Operation { .. }) {
            node.name = name;
            node.named = true;
        }
    }

    /// The operands of a node, in order.
    pub fn operands(&self, index: NodeIndex) -> Vec<NodeIndex> {
        let mut operands: Vec<_> = self
            .nodes
            .edges_directed(index, Direction::Incoming)
            .map(|edge| (*edge.weight(), edge.source()))
            .collect();
        operands.sort_unstable();
        operands.into_iter().map(|(_, source)| source).collect()
    }

    /// Whether another node is computed from it.
    pub fn is_operand(&self, index: NodeIndex) -> bool {
        let mut read_by = self.nodes.edges_directed(index, Direction::Outgoing);
        read_by.next().is_some()
    }

    /// All that the given nodes need, themselves included, in an order in which it can be computed.
    pub fn needed(&self, wanted: impl IntoIterator<Item = NodeIndex>) -> Vec<NodeIndex> {
        let backwards = visit::Reversed(&self.nodes);
        let mut walk = visit::Dfs::empty(backwards);
        let mut found = Vec::new();
        for index in wanted {
            walk.move_to(index);
            while let Some(node) = walk.next(backwards) {
                found.push(node);
            }
        }
        // nodes are numbered in the order in which they were added, after their operands
        found.sort_unstable();
        found
    }

    /// All that gradient reaches on its way back from the given nodes, themselves included: it stops at
    /// `detach`, and at truth values, labels and ids.
    pub fn gradient_reaches(
        &self,
        from: impl IntoIterator<Item = NodeIndex>,
    ) -> HashSet<NodeIndex> {
        let mut open: Vec<NodeIndex> = from.into_iter().collect();
        let mut found = HashSet::new();
        while let Some(index) = open.pop() {
            let node = &self.nodes[index];
            let real = matches!(node.tensor.element, Element::Real | Element::Probability);
            let cut = matches!(&node.what, What::Operation { op, .. } if op.name == "detach");
            if real && !cut && found.insert(index) {
                open.extend(self.operands(index));
            }
        }
        found
    }

    pub fn len(&self) -> usize {
        self.nodes.node_count()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.node_count() == 0
    }

    pub fn indices(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        self.nodes.node_indices()
    }

    pub fn parameter(&self, id: ParameterId) -> &Parameter {
        &self.parameters[id.0]
    }

    pub fn find_parameter(&self, name: &str) -> Option<ParameterId> {
        self.by_name.get(name).copied()
    }

    pub fn add_parameter(&mut self, parameter: Parameter) -> ParameterId {
        let id = ParameterId(self.parameters.len());
        self.by_name.insert(parameter.name.clone(), id);
        self.parameters.push(parameter);
        id
    }

    /// The parameters that a node reads itself.
    pub fn own_parameters(&self, index: NodeIndex) -> impl Iterator<Item = ParameterId> {
        match &self.nodes[index].what {
            What::Operation { parameters, .. } => parameters.as_slice(),
            What::Field(_) => &[],
        }
        .iter()
        .map(|(_, id)| *id)
    }
}
