//! Sums, means and other reductions.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::{Reduction, Tensor};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "sum" => over_dims(site, |x, dims, keep| x.f_sum_dim_intlist(dims, keep, None)),
        "mean" => over_dims(site, |x, dims, keep| x.f_mean_dim(dims, keep, None)),
        "std" => {
            let correction = site.int("correction")?;
            over_dims(site, move |x, dims, keep| {
                x.f_std_correction(dims, correction, keep)
            })
        }
        "var" => {
            let correction = site.int("correction")?;
            over_dims(site, move |x, dims, keep| {
                x.f_var_correction(dims, correction, keep)
            })
        }
        "norm" => over_dims(site, |x, dims, keep| {
            x.f_norm_scalaropt_dim(2.0, dims, keep)
        }),
        "logsumexp" => over_dims(site, |x, dims, keep| x.f_logsumexp(dims, keep)),
        "amax" => over_dims(site, |x, dims, keep| x.f_amax(dims, keep)),
        "amin" => over_dims(site, |x, dims, keep| x.f_amin(dims, keep)),
        "argmax" => {
            let dim = site.int("dim")?;
            unary(move |x| x.f_argmax(dim, false))
        }
        "smooth_l1" => {
            let beta = site.float("beta")?;
            let [a, b] = site.operands(["a", "b"])?;
            Ok(Some(Box::new(move |frame| {
                a.value(frame)?
                    .f_smooth_l1_loss(&b.value(frame)?, Reduction::Mean, beta)
            })))
        }
        _ => Ok(None),
    }
}

/// Over the dimensions that `dim` names, or over all of them.
fn over_dims(
    site: &Site,
    reduce: impl Fn(&Tensor, &[i64], bool) -> Computed + 'static,
) -> Result<Option<Kernel>> {
    let keep = site.flag("keep")?;
    if site.has("dim") {
        let dims = site.ints("dim")?;
        return unary(move |x| reduce(x, &dims, keep));
    }
    unary(move |x| {
        let all: Vec<i64> = (0..x.dim() as i64).collect();
        reduce(x, &all, keep)
    })
}
