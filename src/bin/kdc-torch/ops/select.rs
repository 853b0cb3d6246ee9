//! Joining and choosing.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::{Kind, Tensor};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "concat" => join(site, |tensors, dim| Tensor::f_cat(tensors, dim)),
        "stack" => join(site, |tensors, dim| Tensor::f_stack(tensors, dim)),
        "pick" => {
            let dim = site.int("dim")?;
            Ok(Some(Box::new(move |frame| {
                let label = frame.tensor(1);
                if label.is_floating_point() {
                    return frame.tensor(0).f_mul(label)?.f_sum_dim_intlist(
                        dim,
                        false,
                        None::<Kind>,
                    );
                }
                let index = label.f_unsqueeze(dim)?;
                frame
                    .tensor(0)
                    .f_gather(dim, &index, false)?
                    .f_squeeze_dim(dim)
            })))
        }
        "one_hot" => {
            let classes = site.last_dimension()?;
            unary(move |label| label.f_one_hot(classes)?.f_to_kind(Kind::Float))
        }
        "arange" => {
            let (count, device) = (site.size("count")?, site.parameters.device());
            Ok(Some(Box::new(move |frame| {
                Tensor::f_arange(
                    count.of(frame.batch, frame.time) as i64,
                    (Kind::Int64, device),
                )
            })))
        }
        "float" => unary(|x| x.f_to_kind(Kind::Float)),
        _ => Ok(None),
    }
}

fn join(site: &Site, apply: fn(&[&Tensor], i64) -> Computed) -> Result<Option<Kernel>> {
    let (dim, count) = (site.int("dim")?, site.node.inputs.len());
    Ok(Some(Box::new(move |frame| {
        let tensors: Vec<&Tensor> = (0..count).map(|i| frame.tensor(i)).collect();
        apply(&tensors, dim)
    })))
}
