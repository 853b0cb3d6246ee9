//! Writing in place: a relu whose operand nothing else reads overwrites it.

use super::values::Values;
use super::{Arg, Node, Program};

/// Operations that give memory of their own, which their own gradient does not need.
const GIVERS: [&str; 9] = [
    "conv2d",
    "conv_transpose2d",
    "linear",
    "batch_norm",
    "layer_norm",
    "group_norm",
    "add",
    "max_pool2d",
    "avg_pool2d",
];

/// Operations whose gradient needs no more than their result.
const WRITERS: [&str; 2] = ["relu", "relu6"];

/// Says `in_place: true` of every node that may overwrite its operand. Values in `kept` are read
/// elsewhere too.
pub fn mark(program: &mut Program, kept: &[String]) {
    let values = Values::of(program);
    let overwrites = |node: &Node| {
        let given = values.only(node, 0, &GIVERS);
        WRITERS.contains(&node.op.as_str()) && given.is_some_and(|n| !kept.contains(&n.value))
    };
    let marks: Vec<bool> = program.nodes.iter().map(overwrites).collect();
    for (node, mark) in program.nodes.iter_mut().zip(marks) {
        if mark {
            node.args.insert("in_place".to_string(), Arg::Bool(true));
        }
    }
}
