//! Joining: a convolution of maps that are joined along their channels is the sum of convolutions of each.
//!
//! The joined map is as large as all of them together, and so is its gradient; the sum is worth it where the
//! convolution leads to few channels.

use super::Program;
use super::values::replace;
use crate::shape::Dim;

/// Makes one `joined_conv2d` of every `conv2d(concat(…, dim: 1))` where nothing else reads what is joined. It adds in
/// another order.
pub fn convolutions(program: &mut Program) {
    replace(program, |values, convolution| {
        let joined = values.only(convolution, 0, &["concat"])?;
        let channels = |shape: &[Dim]| shape.get(1).and_then(Dim::known);
        let from = channels(&joined.shape.0)?;
        let to = channels(&convolution.shape.0)?;
        let fits = (convolution.op == "conv2d" && convolution.has("groups", 1))
            && !convolution.args.contains_key("precision")
            && joined.has("dim", 1)
            && to.saturating_mul(joined.inputs.len() as u64) <= from;
        fits.then(|| {
            let mut sum = convolution.clone();
            sum.op = "joined_conv2d".to_string();
            sum.inputs.clone_from(&joined.inputs);
            (sum, vec![joined.value.clone()])
        })
    });
}
