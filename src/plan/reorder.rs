//! Order of relu and max pooling: pooling first leaves relu a fraction of the elements.
//!
//! Both only compare, so that values and gradients keep every bit: where the largest element of a window is
//! not positive, relu gives and passes back zero in either order.

use super::{Node, Program};
use std::collections::HashMap;

/// Moves every relu that only a max pooling reads behind it. Values in `kept` are read elsewhere too.
pub fn pool_before_relu(program: &mut Program, kept: &[String]) {
    let readers = readers(program);
    let alone = |node: &Node| readers.get(&node.value) == Some(&1) && !kept.contains(&node.value);
    let relus: HashMap<String, usize> = (program.nodes.iter().enumerate())
        .filter(|(_, node)| node.op == "relu" && alone(node))
        .map(|(place, node)| (node.value.clone(), place))
        .collect();
    for place in 0..program.nodes.len() {
        let node = &program.nodes[place];
        if node.op == "max_pool2d"
            && let Some(&relu) = relus.get(&node.inputs[0])
        {
            swap(&mut program.nodes, relu, place);
        }
    }
}

/// The relu runs in the pooling's place and gives its value, which keeps its name.
fn swap(nodes: &mut [Node], relu: usize, pool: usize) {
    let given = nodes[pool].value.clone();
    nodes.swap(relu, pool);
    let pooling = &mut nodes[relu];
    pooling.value = format!("{given} before relu");
    let (pooled, shape) = (pooling.value.clone(), pooling.shape.clone());
    let source = nodes[pool].inputs.clone();
    nodes[relu].inputs = source;
    let relu = &mut nodes[pool];
    relu.inputs = vec![pooled];
    relu.value = given;
    relu.shape = shape;
}

/// How many operands each value is; an output counts as one.
pub fn readers(program: &Program) -> HashMap<String, usize> {
    let mut readers = HashMap::new();
    let read = program.nodes.iter().flat_map(|node| &node.inputs);
    for value in read.chain(&program.outputs) {
        *readers.entry(value.clone()).or_insert(0) += 1;
    }
    readers
}
