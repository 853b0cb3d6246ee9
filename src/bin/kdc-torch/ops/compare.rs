//! Comparison, logic and choice.

use super::arithmetic::binary;
use super::site::Site;
use super::{Kernel, unary};
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "eq" => binary(site, Tensor::f_eq_tensor),
        "ne" => binary(site, Tensor::f_ne_tensor),
        "lt" => binary(site, Tensor::f_lt_tensor),
        "le" => binary(site, Tensor::f_le_tensor),
        "gt" => binary(site, Tensor::f_gt_tensor),
        "ge" => binary(site, Tensor::f_ge_tensor),
        "and" => binary(site, Tensor::f_logical_and),
        "or" => binary(site, Tensor::f_logical_or),
        "not" => unary(Tensor::f_logical_not),
        "where" => choose(site),
        _ => Ok(None),
    }
}

fn choose(site: &Site) -> Result<Option<Kernel>> {
    let [condition, a, b] = site.operands(["condition", "a", "b"])?;
    // other operations take a number along, but this one would copy it to the device each time
    let device = site.parameters.device();
    let [a, b] = [a.placed(device)?, b.placed(device)?];
    Ok(Some(Box::new(move |frame| {
        a.value(frame)?
            .f_where_self(&condition.value(frame)?, &b.value(frame)?)
    })))
}
