//! Folding: a batch norm that nothing moves is a multiplication and an addition, which a convolution does
//! anyway.

use super::reorder::readers;
use super::{Arg, Node, Program};

const CONVOLUTIONS: [&str; 2] = ["conv2d", "depthwise_conv2d"];

/// Folds every batch norm in evaluation mode into the convolution before it, if only the norm reads that. The
/// program's parameters must not change while it is used.
pub fn batch_norms(program: &mut Program) {
    let readers = readers(program);
    let mut place = 0;
    while place < program.nodes.len() {
        let convolution = folds_into(&program.nodes, place)
            .filter(|at| readers.get(&program.nodes[*at].value) == Some(&1));
        match convolution {
            Some(at) => {
                let convolution = program.nodes.remove(at);
                place -= 1;
                let norm = &mut program.nodes[place];
                *norm = folded(convolution, norm);
            }
            None => place += 1,
        }
    }
}

/// The place of the convolution before the norm at that place, if both are such.
fn folds_into(nodes: &[Node], place: usize) -> Option<usize> {
    let norm = &nodes[place];
    let at_rest = norm.args.get("training") == Some(&Arg::Bool(false));
    if norm.op != "batch_norm" || !at_rest {
        return None;
    }
    let at = nodes[..place]
        .iter()
        .position(|n| n.value == norm.inputs[0])?;
    let convolution = &nodes[at];
    let plain = !convolution.args.contains_key("norm_eps");
    (plain && CONVOLUTIONS.contains(&convolution.op.as_str())).then_some(at)
}

/// The convolution, which gives what the norm gave. Of the norm it takes its parameters, by their roles after
/// `norm_`, and its epsilon.
fn folded(mut convolution: Node, norm: &Node) -> Node {
    for (role, parameter) in &norm.parameters {
        let role = format!("norm_{role}");
        convolution.parameters.insert(role, parameter.clone());
    }
    if let Some(eps) = norm.args.get("eps") {
        convolution.args.insert("norm_eps".to_string(), eps.clone());
    }
    convolution.value = norm.value.clone();
    convolution.shape = norm.shape.clone();
    convolution
}
