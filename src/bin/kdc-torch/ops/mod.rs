//! The compiler's operations on libtorch, one file a family. Names, inputs and arguments are those of
//! `kdc::program::ops`.

mod activation;
mod arithmetic;
mod attention;
mod compare;
mod convolution;
#[cfg(test)]
mod differential;
mod gradient;
mod linear;
mod norm;
mod parameter;
mod part;
mod pooling;
mod reduce;
mod select;
mod shape;
mod site;

use crate::failure::{Failure, Result};
use crate::interpreter::Frame;
use crate::parameters::Parameters;
use kdc::plan::Node;
use site::Site;
use tch::{TchError, Tensor};

type Computed = std::result::Result<Tensor, TchError>;

/// An operation with its arguments and parameters in place.
pub type Kernel = Box<dyn Fn(&Frame) -> Computed>;

/// Prepares an operation of a family; none for one that is not its own.
type Family = fn(&Site) -> Result<Option<Kernel>>;

const FAMILIES: [Family; 14] = [
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

/// A kernel of one tensor.
fn unary(apply: impl Fn(&Tensor) -> Computed + 'static) -> Result<Option<Kernel>> {
    Ok(Some(Box::new(move |frame| apply(frame.tensor(0)))))
}
