//! Convolutions.

use super::pooled_convolution::{Pooling, pooled_convolution};
use super::pooling::max_pool;
use super::site::Site;
use super::{Kernel, weighted, winograd, with_weights};
use crate::failure::Result;
use tch::{Tensor, no_grad_guard};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "conv2d" => conv2d(site, site.int("groups")?),
        // As many groups as channels.
        "depthwise_conv2d" => conv2d(site, site.parameter("weight")?.size()[0]),
        "pooled_conv2d" => pooled_conv2d(site),
        "joined_conv2d" => joined_conv2d(site).map(Some),
        "conv_transpose2d" => conv_transpose2d(site),
        _ => Ok(None),
    }
}

fn conv2d(site: &Site, groups: i64) -> Result<Option<Kernel>> {
    let (stride, padding) = (site.pair("stride")?, site.pair("padding")?);
    let dilation = site.pair("dilation")?;
    let (weight, bias) = match site.has("norm_eps") {
        true => folded(site)?,
        false => (site.parameter("weight")?, site.optional_parameter("bias")?),
    };
    if site.has("winograd") {
        return winograd::kernel(site, weight, bias);
    }
    with_weights(site, weight, bias, move |x, weight, bias| {
        x.f_conv2d(weight, bias, stride, padding, dilation, groups)
    })
}

fn pooled_conv2d(site: &Site) -> Result<Option<Kernel>> {
    let (padding, size) = (site.pair("padding")?, site.pair("window")?);
    let relu = site.has("relu") && site.flag("relu")?;
    let pooling = Pooling {
        padding,
        size,
        relu,
    };
    weighted(site, move |x, weight, bias| {
        match pooled_convolution(x, weight, bias, pooling)? {
            Some(pooled) => Ok(pooled),
            None => {
                let map = x.f_conv2d(weight, bias, [1, 1], padding, [1, 1], 1)?;
                max_pool(&map, [size, size, [0, 0]], relu)
            }
        }
    })
}

/// Of the maps that would be joined along their channels, each with its part of the weight.
fn joined_conv2d(site: &Site) -> Result<Kernel> {
    let (stride, padding) = (site.pair("stride")?, site.pair("padding")?);
    let dilation = site.pair("dilation")?;
    let (weight, bias) = (site.parameter("weight")?, site.optional_parameter("bias")?);
    let parts = site.node.inputs.len();
    Ok(Box::new(move |frame| {
        let convolved = |part: usize, from: i64, bias: Option<&Tensor>| {
            let x = frame.tensor(part);
            let weight = weight.f_narrow(1, from, x.size()[1])?;
            x.f_conv2d(&weight, bias, stride, padding, dilation, 1)
        };
        let mut sum = convolved(0, 0, bias.as_ref())?;
        let mut from = frame.tensor(0).size()[1];
        for part in 1..parts {
            sum = sum.f_add(&convolved(part, from, None)?)?;
            from += frame.tensor(part).size()[1];
        }
        Ok(sum)
    }))
}

/// The weight and bias that do what the convolution and then a batch norm in evaluation mode do.
fn folded(site: &Site) -> Result<(Tensor, Option<Tensor>)> {
    let _no_grad = no_grad_guard();
    let norm = |role: &str| site.parameter(&format!("norm_{role}"));
    let deviation = norm("running_var")?.f_add_scalar(site.float("norm_eps")?)?;
    let scale = norm("weight")?.f_div(&deviation.f_sqrt()?)?;
    let mean = match site.optional_parameter("bias")? {
        Some(bias) => norm("running_mean")?.f_sub(&bias)?,
        None => norm("running_mean")?,
    };
    let bias = norm("bias")?.f_sub(&mean.f_mul(&scale)?)?;
    let weight = site.parameter("weight")?;
    let weight = weight.f_mul(&scale.f_reshape([-1, 1, 1, 1])?)?;
    Ok((weight, Some(bias)))
}

fn conv_transpose2d(site: &Site) -> Result<Option<Kernel>> {
    let (stride, padding) = (site.pair("stride")?, site.pair("padding")?);
    let (extra, dilation) = (site.pair("output_padding")?, site.pair("dilation")?);
    let groups = site.int("groups")?;
    weighted(site, move |x, weight, bias| {
        x.f_conv_transpose2d(weight, bias, stride, padding, extra, groups, dilation)
    })
}
