//! Products with matrices.

use super::site::Site;
use super::{Computed, Kernel, arithmetic::binary, unary, weighted};
use crate::failure::Result;
use tch::{Kind, Tensor};

/// For libtorch: distances from differences, not from inner products, which give equal rows a distance.
const NO_PRODUCT: i64 = 2;

/// Squared distances that are a smaller share of the samples' own squares cannot be told from 0.
const EQUAL: f64 = 1e-14;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "linear" => weighted(site, |x, weight, bias| x.f_linear(weight, bias)),
        "embedding" => {
            let weight = site.parameter("weight")?;
            unary(move |ids| Tensor::f_embedding(&weight, ids, -1, false, false))
        }
        "matmul" => binary(site, Tensor::f_matmul),
        "cdist" => binary(site, |a, b| Tensor::f_cdist(a, b, 2.0, Some(NO_PRODUCT))),
        "angles" => unary(angles),
        _ => Ok(None),
    }
}

/// `[N, D]` to `[N, N, N]`: at sample i the cosine between the directions to j and k; 0 where one has none.
///
/// In float64, in which differences of inner products keep more digits than those of the samples in float32 have.
fn angles(rows: &Tensor) -> Computed {
    let centred = rows.f_to_kind(Kind::Double)?;
    let centred = centred.f_sub(&centred.f_mean_dim(0, true, None)?)?;
    // Cosines do not depend on the scale; so nothing below is too small or too large for float32.
    let products = centred.f_matmul(&centred.f_transpose(0, 1)?)?;
    let scale = products.f_diagonal(0, 0, 1)?.f_detach()?.f_mean(None)?;
    let products = products.f_div(&scale.f_clamp_min(f64::MIN_POSITIVE)?)?;
    let squares = products.f_diagonal(0, 0, 1)?.f_unsqueeze(1)?;
    let both = squares.f_add(&squares.f_transpose(0, 1)?)?;
    let distances = both.f_sub(&products.f_mul_scalar(2.0)?)?;
    let apart = distances.f_gt_tensor(&both.f_mul_scalar(EQUAL)?)?;
    // The root of what is left out must not have a gradient either.
    let lengths = distances.f_where_self(&apart, &distances.f_ones_like()?)?;
    let inverse = lengths.f_rsqrt()?.f_mul(&apart)?.f_to_kind(rows.kind())?;
    let to_here = products.f_sub(&squares.f_div_scalar(2.0)?)?;
    let differences = products.f_unsqueeze(0)?.f_sub(&to_here.f_unsqueeze(2)?)?;
    let differences = differences.f_sub(&to_here.f_unsqueeze(1)?)?;
    (differences.f_to_kind(rows.kind())?)
        .f_mul(&inverse.f_unsqueeze(2)?)?
        .f_mul(&inverse.f_unsqueeze(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::alone;

    #[test]
    fn equal_rows_have_no_distance_and_no_gradient() {
        let row = Tensor::from_slice(&[100.3f32, -57.1, 3.9]);
        let rows = row.repeat([40, 1]).set_requires_grad(true);
        let distances = Tensor::f_cdist(&rows, &rows, 2.0, Some(NO_PRODUCT)).unwrap();
        distances.sum(Kind::Float).backward();
        let zeros = |like: &Tensor| like.equal(&like.zeros_like());
        assert!(zeros(&distances) && zeros(&rows.grad()));
    }
    /// Of the unit vectors of all differences.
    fn from_differences(rows: &Tensor) -> Tensor {
        let differences = rows.unsqueeze(0) - rows.unsqueeze(1);
        let lengths = differences.norm_scalaropt_dim(2.0, [2i64].as_slice(), true);
        let unit = differences / lengths.clamp_min(1e-12);
        unit.matmul(&unit.transpose(1, 2))
    }

    /// The angles, and the gradient of the sum of their squares, each with a weight of its own. What has no angle
    /// has no gradient so: that of a unit vector of length 0 is without bounds.
    fn weighed(rows: &Tensor, angles: impl Fn(&Tensor) -> Tensor) -> (Tensor, Tensor) {
        let rows = rows.detach().set_requires_grad(true);
        let angles = angles(&rows);
        let weights = Tensor::arange(angles.numel() as i64, (Kind::Double, tch::Device::Cpu));
        let squares = angles.flatten(0, -1).to_kind(Kind::Double).square();
        (squares * weights.sin()).sum(Kind::Double).backward();
        (angles.detach(), rows.grad())
    }

    /// Samples that are near each other, as seen from their mean, lose digits where products are taken in float32.
    #[test]
    fn angles_are_those_of_the_differences() {
        let _alone = alone();
        tch::manual_seed(5);
        let half = Tensor::rand([8, 70], (Kind::Float, tch::Device::Cpu)) + 10.0;
        for apart in [1.0, 1e-2, 1e-4] {
            for scale in [1.0, 1e-15, 1e15] {
                let other = &half + Tensor::randn([8, 70], (Kind::Float, tch::Device::Cpu)) * apart;
                let rows = Tensor::cat(&[&half, &other], 0) * scale;
                let exact = rows.to_kind(Kind::Double);
                let (value, gradient) = weighed(&(&exact / scale), from_differences);
                let (found, towards) = weighed(&rows, |rows| angles(rows).unwrap());
                let distance = |a: &Tensor, b: &Tensor| {
                    let difference = (a.to_kind(Kind::Double) - b).norm() / b.norm();
                    f64::try_from(difference).unwrap()
                };
                let differ = distance(&found, &value);
                assert!(differ < 1e-6, "{apart} {scale}: {differ}");
                let differ = distance(&(towards.to_kind(Kind::Double) * scale), &gradient);
                assert!(differ < 1e-6, "{apart} {scale}: {differ}");
            }
        }
    }

    #[test]
    fn equal_rows_have_no_angle_and_finite_gradients() {
        let _alone = alone();
        let some = Tensor::randn([3, 70], (Kind::Float, tch::Device::Cpu));
        for rows in [some.repeat([3, 1]), some.zeros_like(), some.ones_like()] {
            let (found, gradient) = weighed(&rows, |rows| angles(rows).unwrap());
            assert!(found.allclose(&from_differences(&rows), 1e-5, 1e-6, false));
            assert!(bool::try_from(gradient.isfinite().all()).unwrap());
        }
    }
}
