//! What is known of places in the text: which operation stands there, what it takes and gives, what a name means.

use super::graph::{Graph, What};
use crate::plan::DataSet;
use crate::shape::Shape;
use crate::source::Span;

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
    pub links: Vec<Link>,
    pub data: Vec<DataSet>,
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
