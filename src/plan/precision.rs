//! Precision: which operations of a stage compute with fewer bits, and where numbers change their kind.
//!
//! Under `precision: bf16` products compute in bf16, and what lies between two of them stays in it, as under
//! PyTorch's autocast; losses and all else compute in f32. Every change of kind is a `cast` of its own.

use super::{Arg, Node, Part, Program};
use crate::shape::Shape;
use std::collections::{BTreeMap, HashMap};

/// Operations whose products are worth it.
const PRODUCTS: [&str; 4] = ["conv2d", "depthwise_conv2d", "conv_transpose2d", "linear"];

/// Operations that give bf16 where all that they get is bf16. Most only choose or move numbers; a batch norm
/// computes in f32 inside.
const BETWEEN: [&str; 9] = [
    "relu",
    "relu6",
    "max_pool2d",
    "flatten",
    "reshape",
    "transpose",
    "permute",
    "batch_norm",
    "add",
];

const CAST: &str = "cast";

/// Lets the program compute in bf16 where it may. Its outputs, and what it reads from elsewhere, stay f32;
/// `shapes` are those of what it reads.
pub fn reduce(program: &mut Program, shapes: HashMap<String, Shape>) {
    let mut casts = Casts {
        nodes: Vec::new(),
        shapes,
        low: HashMap::new(),
    };
    for node in std::mem::take(&mut program.nodes) {
        casts.shapes.insert(node.value.clone(), node.shape.clone());
        match casts.may_reduce(&node) {
            true => casts.reduced(node),
            false => casts.as_it_is(node),
        }
    }
    for output in &program.outputs {
        casts.in_f32(output);
    }
    program.nodes = casts.nodes;
}

/// Says of the products of a program whose parameters never change that these need one cast for the whole run.
pub fn freeze(program: &mut Program) {
    for node in &mut program.nodes {
        if node.args.contains_key("precision") {
            node.args.insert("frozen".to_string(), Arg::Bool(true));
        }
    }
}

/// Whether a value is the f32 of a bf16: nothing is lost where it is kept so.
pub fn is_bf16(node: &Node) -> bool {
    node.op == CAST && node.args.get("to") == Some(&Arg::Text("f32".into()))
}

struct Casts {
    nodes: Vec<Node>,
    /// Of all values so far.
    shapes: HashMap<String, Shape>,
    /// Values that are there in bf16: of which part, and whether they are there in f32 as well.
    low: HashMap<String, (Part, bool)>,
}

fn low_name(value: &str) -> String {
    format!("{value} in bf16")
}

impl Casts {
    fn may_reduce(&self, node: &Node) -> bool {
        let op = node.op.as_str();
        let mut inputs = node.inputs.iter();
        let kept = BETWEEN.contains(&op) && inputs.all(|input| self.low.contains_key(input));
        node.part != Part::Loss && (kept || PRODUCTS.contains(&op))
    }

    fn reduced(&mut self, mut node: Node) {
        for input in &mut node.inputs {
            self.in_bf16(input, node.part);
            *input = low_name(input);
        }
        if PRODUCTS.contains(&node.op.as_str()) {
            let bf16 = Arg::Text("bf16".to_string());
            node.args.insert("precision".to_string(), bf16);
        }
        self.low.insert(node.value.clone(), (node.part, false));
        node.value = low_name(&node.value);
        self.nodes.push(node);
    }

    fn as_it_is(&mut self, node: Node) {
        for input in &node.inputs {
            self.in_f32(input);
        }
        self.nodes.push(node);
    }

    /// Sees to it that a value is there in bf16.
    fn in_bf16(&mut self, value: &str, part: Part) {
        if !self.low.contains_key(value) {
            self.low.insert(value.to_string(), (part, true));
            self.cast(value, (value, &low_name(value)), "bf16", part);
        }
    }

    /// Sees to it that a value is there in f32, under its own name.
    fn in_f32(&mut self, value: &str) {
        if let Some((part, there @ false)) = self.low.get_mut(value) {
            *there = true;
            let part = *part;
            self.cast(value, (&low_name(value), value), "f32", part);
        }
    }

    fn cast(&mut self, value: &str, (from, gives): (&str, &str), to: &str, part: Part) {
        self.nodes.push(Node {
            value: gives.to_string(),
            op: CAST.to_string(),
            part,
            inputs: vec![from.to_string()],
            parameters: BTreeMap::new(),
            args: [("to".to_string(), Arg::Text(to.to_string()))].into(),
            shape: self.shapes.get(value).cloned().unwrap_or_default(),
        });
    }
}
