//! What is known of places in the text: which operation stands there, what it takes and gives, what a name means.

use super::graph::{Graph, NodeIndex, Owner, ParameterId, What};
use super::value::{Instance, Value};
use crate::plan::DataSet;
use crate::shape::Shape;
use crate::source::Span;
use std::collections::BTreeSet;

/// A value that an operation gives. A model's body has one for each network that is made from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The operation in the text.
    pub span: Span,
    /// `light.features.0`
    pub name: String,
    /// Whether the name stands in the text.
    pub named: bool,
    pub operation: &'static str,
    pub inputs: Vec<Shape>,
    pub shape: Shape,
    /// The operation's own.
    pub parameters: u64,
    /// Forward, for one sample.
    pub multiply_adds: u64,
}

/// A network, or a model that is checked by itself with its defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// Where its name is defined.
    pub defined: Span,
    /// Where the name of the network's model is.
    pub model: Option<Span>,
    /// `light`
    pub name: String,
    pub inputs: Vec<Shape>,
    pub outputs: Vec<(String, Shape)>,
    pub parameters: u64,
    /// Forward, for one sample; none where that depends on the sample.
    pub multiply_adds: Option<u64>,
}

/// A name, and where what it means is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    pub from: Span,
    pub to: Span,
}

/// What an editor wants to know besides diagnostics. Where a body is read several times, so are its parts here.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    pub facts: Vec<Fact>,
    pub wholes: Vec<Whole>,
    pub links: Vec<Link>,
    pub data: Vec<DataSet>,
}

/// Of what a graph has of a network. None where a size is open.
pub fn whole(graph: &Graph, name: &str, defined: Span, instance: &Instance) -> Option<Whole> {
    let outputs = instance
        .outputs
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Tensor(node) => Some((name, *node)),
            _ => None,
        });
    let outputs: Vec<_> = outputs.collect();
    let owner = Owner::Network(name.to_string());
    let own: Vec<NodeIndex> = graph.needed(outputs.iter().map(|(_, node)| *node));
    let own: BTreeSet<NodeIndex> = own
        .into_iter()
        .filter(|node| graph.node(*node).owner == owner)
        .collect();
    let operands: BTreeSet<NodeIndex> = own.iter().flat_map(|node| graph.operands(*node)).collect();
    let shape = |node: &NodeIndex| graph.tensor(*node).shape.clone();
    let inputs: Vec<Shape> = operands.difference(&own).map(shape).collect();
    let parameters: BTreeSet<ParameterId> = own
        .iter()
        .flat_map(|node| graph.own_parameters(*node))
        .collect();
    let parameters = parameters.into_iter().map(|id| graph.parameter(id));
    let sizes = parameters.filter(|parameter| !parameter.buffer);
    let sizes = sizes.map(|parameter| parameter.shape.elements_per_sample());
    let fixed = |shape: &Shape| {
        let mut behind = shape.0.iter().skip(1);
        behind.all(|dim| dim.known().is_some())
    };
    let costs = own.iter().map(|node| match graph.node(*node).what {
        What::Operation { multiply_adds, .. } => multiply_adds,
        What::Field(_) => 0,
    });
    Some(Whole {
        defined,
        model: None,
        name: name.to_string(),
        parameters: sizes.sum::<Option<u64>>()?,
        multiply_adds: inputs.iter().all(fixed).then(|| costs.sum()),
        outputs: (outputs.iter())
            .map(|(name, node)| (name.to_string(), shape(node)))
            .collect(),
        inputs,
    })
}

/// Of all operations of a graph.
pub fn of(graph: &Graph) -> Vec<Fact> {
    let facts = graph.indices().filter_map(|index| {
        let node = graph.node(index);
        let What::Operation {
            op, multiply_adds, ..
        } = &node.what
        else {
            return None;
        };
        let sizes = graph.own_parameters(index);
        let sizes = sizes.filter_map(|id| graph.parameter(id).shape.elements_per_sample());
        let operands = graph.operands(index).into_iter();
        Some(Fact {
            span: node.span,
            name: node.name.clone(),
            named: node.named,
            operation: op.name,
            inputs: operands.map(|o| graph.tensor(o).shape.clone()).collect(),
            shape: node.tensor.shape.clone(),
            parameters: sizes.sum(),
            multiply_adds: *multiply_adds,
        })
    });
    facts.collect()
}
