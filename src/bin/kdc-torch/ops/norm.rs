//! Normalisation.

use super::site::Site;
use super::{Kernel, unary};
use crate::failure::Result;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "batch_norm" => batch_norm(site),
        "layer_norm" => {
            let (weight, bias) = (site.parameter("weight")?, site.parameter("bias")?);
            let eps = site.float("eps")?;
            let features = weight.size();
            unary(move |x| x.f_layer_norm(&features, Some(&weight), Some(&bias), eps, true))
        }
        "group_norm" => {
            let (weight, bias) = (site.parameter("weight")?, site.parameter("bias")?);
            let (groups, eps) = (site.int("groups")?, site.float("eps")?);
            unary(move |x| x.f_group_norm(groups, Some(&weight), Some(&bias), eps, true))
        }
        "l2norm" => {
            let (dim, eps) = (site.int("dim")?, site.float("eps")?);
            unary(move |x| {
                let length = x.f_norm_scalaropt_dim(2.0, [dim], true)?;
                x.f_div(&length.f_clamp_min(eps)?)
            })
        }
        _ => Ok(None),
    }
}

/// In training it also moves the running statistics, which are shared with the table.
fn batch_norm(site: &Site) -> Result<Option<Kernel>> {
    let (weight, bias) = (site.parameter("weight")?, site.parameter("bias")?);
    let (mean, variance) = (
        site.parameter("running_mean")?,
        site.parameter("running_var")?,
    );
    let (momentum, eps) = (site.float("momentum")?, site.float("eps")?);
    let training = site.flag("training")?;
    let moves = !site.has("moves") || site.flag("moves")?;
    unary(move |x| {
        x.f_batch_norm(
            Some(&weight),
            Some(&bias),
            moves.then_some(&mean),
            moves.then_some(&variance),
            training,
            momentum,
            eps,
            true,
        )
    })
}
