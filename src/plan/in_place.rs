//! Writing in place: a relu whose operand nothing else reads overwrites it.

use super::reorder::readers;
use super::{Arg, Program};
use std::collections::HashSet;

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
    let readers = readers(program);
    let free: HashSet<String> = (program.nodes.iter())
        .filter(|node| GIVERS.contains(&node.op.as_str()))
        .map(|node| node.value.clone())
        .filter(|value| readers.get(value) == Some(&1) && !kept.contains(value))
        .collect();
    for node in &mut program.nodes {
        if WRITERS.contains(&node.op.as_str()) && free.contains(&node.inputs[0]) {
            node.args.insert("in_place".to_string(), Arg::Bool(true));
        }
    }
}
