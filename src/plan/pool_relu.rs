//! Relu beside max pooling, in either order: one operation, which goes through the elements once.
//!
//! Both only compare, so that values and gradients keep every bit: where the largest element of a window is
//! not positive, relu gives and passes back zero in either order.

use super::values::{Values, replace};
use super::{Arg, Node, Program};

/// Makes one of every max pooling and the relu before it, that only the pooling reads, or behind it, that alone reads
/// the pooling. Values in `kept` are read elsewhere too.
pub fn fuse(program: &mut Program, kept: &[String]) {
    replace(program, |values, pool| {
        let relu = beside(values, pool, "max_pool2d", "relu", kept)?;
        Some((
            with_relu(pool, &relu.inputs, &pool.value),
            vec![relu.value.clone()],
        ))
    });
    replace(program, |values, relu| {
        let pool = beside(values, relu, "relu", "max_pool2d", kept)?;
        let fused = with_relu(pool, &pool.inputs, &relu.value);
        Some((fused, vec![pool.value.clone()]))
    });
}

/// The operation `before` that gives the operand of the operation `op`, where it gives it to nothing else.
fn beside<'p>(
    values: &Values<'p>,
    node: &Node,
    op: &str,
    before: &str,
    kept: &[String],
) -> Option<&'p Node> {
    let given = values.only(node, 0, &[before])?;
    (node.op == op && !kept.contains(&given.value)).then_some(given)
}

fn with_relu(pool: &Node, inputs: &[String], value: &str) -> Node {
    let mut fused = Node {
        inputs: inputs.to_vec(),
        value: value.to_string(),
        ..pool.clone()
    };
    fused.args.insert("relu".to_string(), Arg::Bool(true));
    fused
}
