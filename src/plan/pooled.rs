//! Pooled convolutions: where max pooling alone reads a convolution of few channels, the two are one operation.
//!
//! The map between them, the largest value of most such networks, then never is in memory as a whole. And pooling
//! leaves one number of each window of the map's gradient: the other three quarters, or more, need no multiplication.

use super::values::replace;
use super::{Node, Parameter, Program};
use crate::shape::Dim;

/// What the engine computes at once: output channels are a multiple of it.
const TOGETHER: u64 = 16;

/// As many weights as stay in a processor's nearest memory with what they are multiplied by.
const WEIGHTS: u64 = 32 * 32 * 9;

/// Makes one `pooled_conv2d` of every such pair. It adds in another order. `parameters` are the plan's.
pub fn convolutions(program: &mut Program, parameters: &[Parameter]) {
    let is_small = |convolution: &Node| {
        let weight = convolution.parameters.get("weight")?;
        let weight = parameters.iter().find(|p| p.name == *weight)?;
        let sizes = weight.shape.0.iter().map(Dim::known);
        let sizes = sizes.collect::<Option<Vec<u64>>>()?;
        Some(sizes[0] % TOGETHER == 0 && sizes.iter().product::<u64>() <= WEIGHTS)
    };
    replace(program, |values, pool| {
        let convolution = values.only(pool, 0, &["conv2d"])?;
        let fits = pool.op == "max_pool2d" && is_apart(pool) && is_plain(convolution);
        (fits && is_small(convolution)?)
            .then(|| (pooled(convolution, pool), vec![convolution.value.clone()]))
    });
}

/// Whether no two windows overlap, and none reaches over the edge.
fn is_apart(pool: &Node) -> bool {
    pool.args.get("kernel") == pool.args.get("stride") && pool.has_pair("padding", 0)
}

fn is_plain(convolution: &Node) -> bool {
    let other = ["norm_eps", "winograd"];
    convolution.has("groups", 1)
        && convolution.has_pair("stride", 1)
        && convolution.has_pair("dilation", 1)
        && !other
            .iter()
            .any(|name| convolution.args.contains_key(*name))
}

/// The convolution, which gives what the pooling gave. `window` is the size of the pooling's windows.
fn pooled(convolution: &Node, pool: &Node) -> Node {
    let mut pooled = Node {
        op: "pooled_conv2d".to_string(),
        value: pool.value.clone(),
        shape: pool.shape.clone(),
        ..convolution.clone()
    };
    let taken = [("kernel", "window"), ("relu", "relu")];
    for (of_pool, name) in taken {
        if let Some(arg) = pool.args.get(of_pool) {
            pooled.args.insert(name.to_string(), arg.clone());
        }
    }
    pooled
}
