//! Precision: in which operations of a stage compute with fewer bits.

use super::{Arg, Part, Program};

/// Operations whose products are worth it. All else, losses above all, stays in f32.
const OPERATIONS: [&str; 4] = ["conv2d", "depthwise_conv2d", "conv_transpose2d", "linear"];

/// Says `precision: bf16` of every such node of networks and taps.
pub fn reduce(program: &mut Program) {
    let reduced =
        |node: &&mut super::Node| node.part != Part::Loss && OPERATIONS.contains(&node.op.as_str());
    for node in program.nodes.iter_mut().filter(reduced) {
        let bf16 = Arg::Text("bf16".to_string());
        node.args.insert("precision".to_string(), bf16);
    }
}
