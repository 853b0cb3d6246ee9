//! The compiler's operations on libtorch, one file a family. Names, inputs and arguments are those of
//! `kdc::program::ops`.

mod activation;
mod arithmetic;
mod attention;
mod cast;
mod compare;
mod convolution;
#[cfg(test)]
mod differential;
mod gradient;
mod linear;
mod max_pool;
mod norm;
mod number;
mod parameter;
mod part;
mod pooled_convolution;
mod pooling;
mod reduce;
mod select;
mod shape;
mod site;
mod windows;
mod winograd;

use crate::failure::{Failure, Result};
use crate::interpreter::Frame;
use crate::parameters::Parameters;
use kdc::plan::Node;
use site::Site;
use tch::{Kind, TchError, Tensor, no_grad_guard};

type Computed = std::result::Result<Tensor, TchError>;

/// An operation with its arguments and parameters in place.
pub type Kernel = Box<dyn Fn(&Frame) -> Computed>;

/// Prepares an operation of a family; none for one that is not its own.
type Family = fn(&Site) -> Result<Option<Kernel>>;

const FAMILIES: [Family; 15] = [
    convolution::kernel,
    linear::kernel,
    attention::kernel,
    pooling::kernel,
    norm::kernel,
    activation::kernel,
    arithmetic::kernel,
    compare::kernel,
    reduce::kernel,
    shape::kernel,
    part::kernel,
    select::kernel,
    gradient::kernel,
    parameter::kernel,
    cast::kernel,
];

/// Prepares the operation of a node.
pub fn kernel(node: &Node, parameters: &Parameters) -> Result<Kernel> {
    let site = Site { node, parameters };
    for family in FAMILIES {
        if let Some(kernel) = family(&site)? {
            return Ok(kernel);
        }
    }
    Err(Failure::Engine(format!(
        "the plan uses the operation `{}`, which this engine does not know; compiler and engine are of \
         different versions",
        node.op
    )))
}

/// A kernel of one tensor with a weight and a bias. Under the precision bf16 both are cast to what the tensor is,
/// and so is the result.
fn weighted(
    site: &Site,
    apply: impl Fn(&Tensor, &Tensor, Option<&Tensor>) -> Computed + 'static,
) -> Result<Option<Kernel>> {
    let (weight, bias) = (site.parameter("weight")?, site.optional_parameter("bias")?);
    with_weights(site, weight, bias, apply)
}

fn with_weights(
    site: &Site,
    weight: Tensor,
    bias: Option<Tensor>,
    apply: impl Fn(&Tensor, &Tensor, Option<&Tensor>) -> Computed + 'static,
) -> Result<Option<Kernel>> {
    let low = |tensor: &Tensor| tensor.f_to_kind(Kind::BFloat16);
    if !site.has("precision") {
        return unary(move |x| apply(x, &weight, bias.as_ref()));
    }
    if site.has("frozen") {
        let _no_grad = no_grad_guard();
        let (weight, bias) = (low(&weight)?, bias.as_ref().map(low).transpose()?);
        return unary(move |x| apply(x, &weight, bias.as_ref()));
    }
    unary(move |x| {
        let bias = bias.as_ref().map(low).transpose()?;
        apply(x, &low(&weight)?, bias.as_ref())
    })
}

/// A kernel of one tensor.
fn unary(apply: impl Fn(&Tensor) -> Computed + 'static) -> Result<Option<Kernel>> {
    Ok(Some(Box::new(move |frame| apply(frame.tensor(0)))))
}
