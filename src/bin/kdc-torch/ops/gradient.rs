//! Chance and gradient.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::{Kind, Tensor};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "dropout" => {
            let (p, training) = (site.float("p")?, site.flag("training")?);
            unary(move |x| x.f_dropout(p, training))
        }
        "drop_path" => {
            let p = site.float("p")?;
            match site.flag("training")? {
                true => unary(move |x| drop_path(x, p)),
                false => unary(|x| Ok(x.shallow_clone())),
            }
        }
        "random_ids" => {
            let (below, shape) = (site.size("below")?, site.sizes("shape")?);
            let options = (Kind::Int64, site.parameters.device());
            Ok(Some(Box::new(move |frame| {
                let sizes: Vec<i64> = shape
                    .iter()
                    .map(|dim| dim.of(frame.batch, frame.time) as i64)
                    .collect();
                Tensor::f_randint(below.of(frame.batch, frame.time) as i64, sizes, options)
            })))
        }
        "nothing" => unary(|x| Ok(x.shallow_clone())),
        "detach" => unary(Tensor::f_detach),
        "reverse_gradient" => {
            let strength = site.amount("strength")?;
            Ok(Some(Box::new(move |frame| {
                reverse_gradient(frame.tensor(0), strength.of(frame.batch, frame.time))
            })))
        }
        _ => Ok(None),
    }
}

/// As torchvision's `stochastic_depth(mode="row")` draws and scales.
fn drop_path(x: &Tensor, p: f64) -> Computed {
    let mut size = x.size();
    size.iter_mut().skip(1).for_each(|n| *n = 1);
    let mut kept = Tensor::f_empty(size, (x.kind(), x.device()))?.f_bernoulli_float_(1.0 - p)?;
    if p < 1.0 {
        kept = kept.f_div_scalar_(1.0 - p)?;
    }
    x.f_mul(&kept)
}

/// The value is `x` to the bit, since the part with the gradient is subtracted from itself.
fn reverse_gradient(x: &Tensor, strength: f64) -> Computed {
    let reversed = x.f_mul_scalar(-strength)?;
    x.f_detach()?.f_add(&reversed.f_sub(&reversed.f_detach()?)?)
}
