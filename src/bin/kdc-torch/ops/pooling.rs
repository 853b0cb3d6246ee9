//! Pooling and resizing.

use super::max_pool;
use super::site::Site;
use super::{Computed, Kernel, unary};
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "max_pool2d" => {
            let window = window(site)?;
            let relu = site.has("relu") && site.flag("relu")?;
            unary(move |x| max_pool(x, window, relu))
        }
        "avg_pool2d" => {
            let [kernel, stride, padding] = window(site)?;
            unary(move |x| x.f_avg_pool2d(kernel, stride, padding, false, true, None))
        }
        "avg_pool1d" => {
            let (kernel, stride) = (site.int("kernel")?, site.int("stride")?);
            let padding = site.int("padding")?;
            unary(move |x| x.f_avg_pool1d(kernel, stride, padding, false, true))
        }
        "adaptive_avg_pool2d" => {
            let size = site.pair("size")?;
            unary(move |x| x.f_adaptive_avg_pool2d(size))
        }
        "global_avg_pool" => unary(|x| x.f_mean_dim([2i64, 3].as_slice(), false, None)),
        "resize_nearest" => {
            let size = site.pair("size")?;
            unary(move |x| x.f_upsample_nearest2d(size, None, None))
        }
        "resize_bilinear" => {
            let (size, align_corners) = (site.pair("size")?, site.flag("align_corners")?);
            unary(move |x| x.f_upsample_bilinear2d(size, align_corners, None, None))
        }
        _ => Ok(None),
    }
}

/// Kernel, stride and padding.
fn window(site: &Site) -> Result<[[i64; 2]; 3]> {
    Ok([
        site.pair("kernel")?,
        site.pair("stride")?,
        site.pair("padding")?,
    ])
}

/// The largest of each window; with `relu`, nothing less than zero.
pub fn max_pool(x: &Tensor, [kernel, stride, padding]: [[i64; 2]; 3], relu: bool) -> Computed {
    let apart = kernel == stride && padding == [0, 0];
    if apart && let Some(pooled) = max_pool::max_pool(x, kernel, relu)? {
        return Ok(pooled);
    }
    let mut pooled = x.f_max_pool2d(kernel, stride, padding, [1, 1], false)?;
    match relu {
        true => pooled.f_relu_(),
        false => Ok(pooled),
    }
}
