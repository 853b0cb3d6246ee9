//! Taking tensors apart.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "narrow" => {
            let (dim, start) = (site.int("dim")?, site.int("start")?);
            let length = site.size("length")?;
            Ok(Some(Box::new(move |frame| {
                frame
                    .tensor(0)
                    .f_narrow(dim, start, length.of(frame.batch, frame.time) as i64)
            })))
        }
        "select" => {
            let (dim, index) = (site.int("dim")?, site.int("index")?);
            unary(move |x| x.f_select(dim, index))
        }
        "take" => {
            let dim = site.int("dim")?;
            Ok(Some(Box::new(move |frame| {
                take(frame.tensor(0), frame.tensor(1), dim)
            })))
        }
        _ => Ok(None),
    }
}

fn take(x: &Tensor, index: &Tensor, dim: i64) -> Computed {
    let taken = x.f_index_select(dim, &index.f_reshape([-1])?)?;
    let mut size = x.size();
    let dim = dim.rem_euclid(size.len() as i64) as usize;
    size.splice(dim..=dim, index.size());
    taken.f_reshape(size)
}
