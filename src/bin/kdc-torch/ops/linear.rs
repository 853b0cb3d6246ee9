//! Products with matrices.

use super::site::Site;
use super::{Kernel, arithmetic::binary, unary};
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "linear" => {
            let (weight, bias) = (site.parameter("weight")?, site.optional_parameter("bias")?);
            unary(move |x| x.f_linear(&weight, bias.as_ref()))
        }
        "embedding" => {
            let weight = site.parameter("weight")?;
            unary(move |ids| Tensor::f_embedding(&weight, ids, -1, false, false))
        }
        "matmul" => binary(site, Tensor::f_matmul),
        "cdist" => binary(site, |a, b| Tensor::f_cdist(a, b, 2.0, None)),
        _ => Ok(None),
    }
}
