//! Order of relu and max pooling: pooling first leaves relu a fraction of the elements.
//!
//! Both only compare, so that values and gradients keep every bit: where the largest element of a window is
//! not positive, relu gives and passes back zero in either order.

use super::values::Values;
use super::{Node, Program};

/// Moves every relu that only a max pooling reads behind it. Values in `kept` are read elsewhere too.
pub fn pool_before_relu(program: &mut Program, kept: &[String]) {
    let values = Values::of(program);
    let relu_before = |pool: &Node| {
        let relu = values.only(pool, 0, &["relu"])?;
        let free = pool.op == "max_pool2d" && !kept.contains(&relu.value);
        values.place(&relu.value).filter(|_| free)
    };
    let relus: Vec<Option<usize>> = program.nodes.iter().map(relu_before).collect();
    for (pool, relu) in relus.into_iter().enumerate() {
        if let Some(relu) = relu {
            swap(&mut program.nodes, relu, pool);
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
