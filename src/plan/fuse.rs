//! Fusing: the mean negative log-likelihood of classes is one operation, as in PyTorch, whose gradient it rounds
//! like.

use super::values::{Values, replace};
use super::{Node, Program};

/// Makes one `nll_loss` of every `-mean(pick(x, label))` without a mask whose parts nothing else reads, where
/// `pick` takes one number for each sample.
pub fn likelihoods(program: &mut Program) {
    replace(program, likelihood);
}

fn likelihood(values: &Values, neg: &Node) -> Option<(Node, Vec<String>)> {
    let mean = values.only(neg, 0, &["mean"])?;
    let pick = values.only(mean, 0, &["pick"])?;
    let whole = !mean.args.contains_key("dim") && mean.inputs.len() == 1;
    let fits = neg.op == "neg" && whole && pick.shape.rank() == 1;
    fits.then(|| {
        let fused = Node {
            op: "nll_loss".to_string(),
            inputs: pick.inputs.clone(),
            ..neg.clone()
        };
        (fused, vec![pick.value.clone(), mean.value.clone()])
    })
}
