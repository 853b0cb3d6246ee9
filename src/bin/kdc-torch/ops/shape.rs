//! Operations that change only the shape.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::amount::Amount;
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "flatten" => {
            let from = site.int("from")?;
            unary(move |x| x.f_flatten(from, -1))
        }
        "reshape" => to_sizes(site, |x, sizes| x.f_reshape(sizes)),
        "expand" => to_sizes(site, |x, sizes| x.f_expand(sizes, false)),
        "transpose" => {
            let (a, b) = (site.int("a")?, site.int("b")?);
            unary(move |x| x.f_transpose(a, b))
        }
        "permute" => {
            let order = site.ints("order")?;
            unary(move |x| x.f_permute(&order))
        }
        "squeeze" => {
            let dim = site.int("dim")?;
            unary(move |x| x.f_squeeze_dim(dim))
        }
        "unsqueeze" => {
            let dim = site.int("dim")?;
            unary(move |x| x.f_unsqueeze(dim))
        }
        _ => Ok(None),
    }
}

fn to_sizes(site: &Site, apply: fn(&Tensor, &[i64]) -> Computed) -> Result<Option<Kernel>> {
    let shape: Vec<Amount> = site.sizes("shape")?;
    Ok(Some(Box::new(move |frame| {
        let sizes: Vec<i64> = shape
            .iter()
            .map(|dim| dim.of(frame.batch, frame.time) as i64)
            .collect();
        apply(frame.tensor(0), &sizes)
    })))
}
