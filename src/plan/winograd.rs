//! Winograd: a convolution by 3x3 needs a quarter of the multiplications where its weights stay, for they are
//! transformed once. The engine also computes the relu and the max pooling by 2x2 behind it while its results are
//! in the cache.

use super::values::{Values, replace};
use super::{Arg, Node, Program};
use crate::shape::Dim;

/// The transforms take the same time for each channel however many there are: with fewer channels the products do
/// not make up for it.
const LEAST_CHANNELS: u64 = 24;

/// Results that a tile of 4x4 must have on average: the others are computed for nothing.
const LEAST_RESULTS: u64 = 10;

/// Marks the convolutions that are worth it, and gives them what comes behind. The program's parameters must not
/// change while it is used. It adds in another order.
pub fn convolutions(program: &mut Program) {
    replace(program, |values, node| {
        fits(values, node).then(|| (with(node, "winograd"), Vec::new()))
    });
    replace(program, |values, relu| {
        let convolution = marked(values, relu)?;
        (relu.op == "relu").then(|| followed(&with(convolution, "relu"), relu))
    });
    replace(program, |values, pool| {
        let mut convolution = with(marked(values, pool)?, "pool");
        if pool.args.contains_key("relu") {
            convolution = with(&convolution, "relu");
        }
        let halves = pool.op == "max_pool2d"
            && [("kernel", 2), ("stride", 2), ("padding", 0)]
                .iter()
                .all(|(name, number)| pool.has_pair(name, *number));
        halves.then(|| followed(&convolution, pool))
    });
}

fn fits(values: &Values, node: &Node) -> bool {
    node.op == "conv2d"
        && node.has("groups", 1)
        && [("kernel", 3), ("stride", 1), ("dilation", 1)]
            .iter()
            .all(|(name, number)| node.has_pair(name, *number))
        && !node.args.contains_key("precision")
        && pays(values, node).unwrap_or(false)
}

/// None where the sizes are not known.
fn pays(values: &Values, node: &Node) -> Option<bool> {
    let read = values.node(node.inputs.first()?)?;
    let size = |node: &Node, dim: usize| node.shape.0.get(dim).and_then(Dim::known);
    let channels = size(read, 1)?.min(size(node, 1)?);
    let (height, width) = (size(node, 2)?, size(node, 3)?);
    let tiles = height.div_ceil(4) * width.div_ceil(4);
    Some(channels >= LEAST_CHANNELS && height * width >= LEAST_RESULTS * tiles)
}

/// What a node reads, where it is a convolution so marked and nothing else reads it.
fn marked<'p>(values: &Values<'p>, node: &Node) -> Option<&'p Node> {
    let convolution = values.only(node, 0, &["conv2d"])?;
    let is_marked = convolution.args.contains_key("winograd");
    is_marked.then_some(convolution)
}

fn with(node: &Node, argument: &str) -> Node {
    let mut node = node.clone();
    node.args.insert(argument.to_string(), Arg::Bool(true));
    node
}

/// The convolution in the place of what comes behind it, and what is then not needed.
fn followed(convolution: &Node, behind: &Node) -> (Node, Vec<String>) {
    let node = Node {
        value: behind.value.clone(),
        shape: behind.shape.clone(),
        ..convolution.clone()
    };
    (node, vec![convolution.value.clone()])
}
