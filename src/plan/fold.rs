//! Folding: a batch norm that nothing moves is a multiplication and an addition, which a convolution does
//! anyway.

use super::values::replace;
use super::{Arg, Node, Program};

const CONVOLUTIONS: [&str; 2] = ["conv2d", "depthwise_conv2d"];

/// Folds every batch norm in evaluation mode into the convolution before it, if only the norm reads that. The
/// program's parameters must not change while it is used.
pub fn batch_norms(program: &mut Program) {
    replace(program, |values, norm| {
        let convolution = values.only(norm, 0, &CONVOLUTIONS)?;
        let at_rest = norm.args.get("training") == Some(&Arg::Bool(false));
        let plain = !convolution.args.contains_key("norm_eps");
        (norm.op == "batch_norm" && at_rest && plain).then(|| {
            (
                folded(convolution.clone(), norm),
                vec![convolution.value.clone()],
            )
        })
    });
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
