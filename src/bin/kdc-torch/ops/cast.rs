//! Changes of kind, which a plan in bf16 states.

use super::site::Site;
use super::{Kernel, unary};
use crate::failure::Result;
use tch::Kind;

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    if site.node.op != "cast" {
        return Ok(None);
    }
    let to = match site.text("to")?.as_str() {
        "bf16" => Kind::BFloat16,
        "f32" => Kind::Float,
        other => return Err(site.wrong(&format!("has no such kind of number: `{other}`"))),
    };
    unary(move |x| x.f_to_kind(to))
}
