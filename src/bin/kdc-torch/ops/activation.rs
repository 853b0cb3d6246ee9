//! Activations.

use super::site::Site;
use super::{Kernel, unary};
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "relu" if in_place(site)? => unary(|x| x.shallow_clone().f_relu_()),
        "relu" => unary(Tensor::f_relu),
        "relu6" if in_place(site)? => unary(|x| x.shallow_clone().f_relu6_()),
        "relu6" => unary(Tensor::f_relu6),
        "leaky_relu" => {
            // tch offers no slope; a `prelu` whose weight is fixed is the same function.
            let slope = site.scalar(site.float("slope")?)?;
            unary(move |x| x.f_prelu(&slope))
        }
        "prelu" => {
            let weight = site.parameter("weight")?;
            unary(move |x| x.f_prelu(&weight))
        }
        "elu" => unary(Tensor::f_elu),
        "gelu" => {
            let approximate = if site.flag("approximate")? {
                "tanh"
            } else {
                "none"
            };
            unary(move |x| x.f_gelu(approximate))
        }
        "silu" => unary(Tensor::f_silu),
        "mish" => unary(Tensor::f_mish),
        "hardswish" => unary(Tensor::f_hardswish),
        "hardsigmoid" => unary(Tensor::f_hardsigmoid),
        "sigmoid" => unary(Tensor::f_sigmoid),
        "tanh" => unary(Tensor::f_tanh),
        "softplus" => unary(Tensor::f_softplus),
        "softmax" => {
            let dim = site.int("dim")?;
            unary(move |x| x.f_softmax(dim, None))
        }
        "log_softmax" => {
            let dim = site.int("dim")?;
            unary(move |x| x.f_log_softmax(dim, None))
        }
        _ => Ok(None),
    }
}

/// Whether the plan lets the operation overwrite its operand.
fn in_place(site: &Site) -> Result<bool> {
    match site.node.args.contains_key("in_place") {
        true => site.flag("in_place"),
        false => Ok(false),
    }
}
