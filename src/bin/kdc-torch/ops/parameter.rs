//! A parameter or state that a formula reads.

use super::Kernel;
use super::site::Site;
use crate::failure::Result;
use kdc::program::ops::parameter::{PARAMETER, ROLE};

pub fn kernel(site: &Site) -> Result<Option<Kernel>> {
    if site.node.op != PARAMETER.name {
        return Ok(None);
    }
    let parameter = site.parameter(ROLE)?;
    Ok(Some(Box::new(move |_| Ok(parameter.shallow_clone()))))
}
