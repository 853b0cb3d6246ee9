//! Sums, means and other reductions.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::{Reduction, Tensor};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "sum" => over_dims(site, |x, dims, keep| x.f_sum_dim_intlist(dims, keep, None)),
        "mean" if site.node.inputs.len() > 1 => masked_mean(site),
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
    let (dims, keep) = (dims(site)?, site.flag("keep")?);
    unary(move |x| reduce(x, &dims(x), keep))
}

/// Of the elements where the mask is true; 0 where it is true nowhere.
fn masked_mean(site: &Site) -> Result<Option<Kernel>> {
    let (dims, keep) = (dims(site)?, site.flag("keep")?);
    Ok(Some(Box::new(move |frame| {
        let (x, mask) = (frame.tensor(0), frame.tensor(1));
        let dims = dims(x);
        let mask = mask.f_expand_as(x)?;
        let sum = |of: &Tensor| of.f_sum_dim_intlist(dims.as_slice(), keep, x.kind());
        // what does not count may be infinite, which times 0 is no number
        let counted = sum(&x.f_masked_fill(&mask.f_logical_not()?, 0.0)?)?;
        counted.f_div(&sum(&mask)?.f_clamp_min(1.0)?)
    })))
}

/// The dimensions of a tensor that `dim` names, or all of them.
fn dims(site: &Site) -> Result<impl Fn(&Tensor) -> Vec<i64> + 'static> {
    let named = match site.has("dim") {
        true => Some(site.ints("dim")?),
        false => None,
    };
    Ok(move |x: &Tensor| match &named {
        Some(dims) => dims.clone(),
        None => (0..x.dim() as i64).collect(),
    })
}
