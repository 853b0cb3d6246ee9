//! Joining and choosing.

use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::{Kind, Reduction, Tensor};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "concat" => join(site, |tensors, dim| Tensor::f_cat(tensors, dim)),
        "stack" => join(site, |tensors, dim| Tensor::f_stack(tensors, dim)),
        "pick" => {
            let dim = site.int("dim")?;
            Ok(Some(Box::new(move |frame| {
                let (values, label) = (frame.tensor(0), frame.tensor(1));
                match label.is_floating_point() {
                    true => expected(values, label, dim),
                    false => {
                        // labels that do not count are below 0
                        let index = label.f_clamp_min(0)?.f_unsqueeze(dim)?;
                        let picked = values.f_gather(dim, &index, false)?.f_squeeze_dim(dim)?;
                        picked.f_masked_fill(&label.f_lt(0)?, 0.0)
                    }
                }
            })))
        }
        // `-mean(pick(values, label))`
        "nll_loss" => Ok(Some(Box::new(|frame| {
            let (values, label) = (frame.tensor(0), frame.tensor(1));
            match label.is_floating_point() {
                true => expected(values, label, -1)?.f_mean(None)?.f_neg(),
                false => values.f_nll_loss(label, None::<Tensor>, Reduction::Mean, NONE_IGNORED),
            }
        }))),
        // those of `v` against the rows of a table that `index` names
        "scores" => Ok(Some(Box::new(|frame| {
            let (table, index, v) = (frame.tensor(0), frame.tensor(1), frame.tensor(2));
            v.f_matmul(&table.f_transpose(0, 1)?)?
                .f_gather(1, index, false)
        }))),
        "lookup" => {
            let numbers = site.floats("numbers")?;
            unary(move |label| match label.is_floating_point() {
                true => label.f_matmul(&numbers.f_to_kind(label.kind())?),
                false => {
                    // labels that do not count are below 0
                    let found = numbers.f_take(&label.f_clamp_min(0)?)?;
                    found.f_masked_fill(&label.f_lt(0)?, 0.0)
                }
            })
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
        "counted" if site.has("ignore") => {
            let ignored = site.int("ignore")?;
            unary(move |label| label.f_ge(0)?.f_logical_and(&label.f_ne(ignored)?))
        }
        "counted" => unary(|label| match label.is_floating_point() {
            true => label.f_amax(-1, false)?.f_ge(0.0),
            false => label.f_ge(0),
        }),
        "float" => unary(|x| x.f_to_kind(Kind::Float)),
        _ => Ok(None),
    }
}

/// PyTorch's number for a class that does not count; labels are checked when they are read.
const NONE_IGNORED: i64 = -100;

/// The mean under a distribution.
fn expected(values: &Tensor, distribution: &Tensor, dim: i64) -> Computed {
    let weighted = values.f_mul(distribution)?;
    weighted.f_sum_dim_intlist(dim, false, None::<Kind>)
}

fn join(site: &Site, apply: fn(&[&Tensor], i64) -> Computed) -> Result<Option<Kernel>> {
    let (dim, count) = (site.int("dim")?, site.node.inputs.len());
    Ok(Some(Box::new(move |frame| {
        let tensors: Vec<&Tensor> = (0..count).map(|i| frame.tensor(i)).collect();
        apply(&tensors, dim)
    })))
}
