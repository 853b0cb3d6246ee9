//! Products with matrices.

use super::site::Site;
use super::{Kernel, arithmetic::binary, unary, weighted};
use crate::failure::Result;
use tch::Tensor;

/// For libtorch: distances from differences, not from inner products, which give equal rows a distance.
const NO_PRODUCT: i64 = 2;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "linear" => weighted(site, |x, weight, bias| x.f_linear(weight, bias)),
        "embedding" => {
            let weight = site.parameter("weight")?;
            unary(move |ids| Tensor::f_embedding(&weight, ids, -1, false, false))
        }
        "matmul" => binary(site, Tensor::f_matmul),
        "cdist" => binary(site, |a, b| Tensor::f_cdist(a, b, 2.0, Some(NO_PRODUCT))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn equal_rows_have_no_distance_and_no_gradient() {
        let row = Tensor::from_slice(&[100.3f32, -57.1, 3.9]);
        let rows = row.repeat([40, 1]).set_requires_grad(true);
        let distances = Tensor::f_cdist(&rows, &rows, 2.0, Some(NO_PRODUCT)).unwrap();
        distances.sum(Kind::Float).backward();
        let zeros = |like: &Tensor| like.equal(&like.zeros_like());
        assert!(zeros(&distances) && zeros(&rows.grad()));
    }
}
