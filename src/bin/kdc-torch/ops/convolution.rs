//! Convolutions.

use super::site::Site;
use super::{Kernel, weighted};
use crate::failure::Result;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    match site.node.op.as_str() {
        "conv2d" => conv2d(site, site.int("groups")?),
        // As many groups as channels.
        "depthwise_conv2d" => conv2d(site, site.parameter("weight")?.size()[0]),
        "conv_transpose2d" => conv_transpose2d(site),
        _ => Ok(None),
    }
}

fn conv2d(site: &Site, groups: i64) -> Result<Option<Kernel>> {
    let (stride, padding) = (site.pair("stride")?, site.pair("padding")?);
    let dilation = site.pair("dilation")?;
    weighted(site, move |x, weight, bias| {
        x.f_conv2d(weight, bias, stride, padding, dilation, groups)
    })
}

fn conv_transpose2d(site: &Site) -> Result<Option<Kernel>> {
    let (stride, padding) = (site.pair("stride")?, site.pair("padding")?);
    let (extra, dilation) = (site.pair("output_padding")?, site.pair("dilation")?);
    let groups = site.int("groups")?;
    weighted(site, move |x, weight, bias| {
        x.f_conv_transpose2d(weight, bias, stride, padding, extra, groups, dilation)
    })
}
