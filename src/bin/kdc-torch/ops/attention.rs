//! Attention.

use super::Kernel;
use super::site::Site;
use crate::failure::Result;
use tch::Tensor;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    if site.node.op != "attention" {
        return Ok(None);
    }
    let (causal, masked) = (site.flag("causal")?, site.node.inputs.len() > 3);
    let scale = match site.has("scale") {
        true => Some(site.float("scale")?),
        false => None,
    };
    let dropout = match site.flag("training")? {
        true => site.float("dropout")?,
        false => 0.0,
    };
    Ok(Some(Box::new(move |frame| {
        let mask = masked.then(|| frame.tensor(3));
        Tensor::f_scaled_dot_product_attention(
            frame.tensor(0),
            frame.tensor(1),
            frame.tensor(2),
            mask,
            dropout,
            causal,
            scale,
            false,
        )
    })))
}
