//! A parameter or state as a tensor of a formula.

use super::{Inferred, Operation, Refusal, Site};

/// Reads the parameter with the role [`ROLE`]. No call makes it: `param`, `state` and paths to parameters do.
pub static PARAMETER: Operation = Operation {
    name: "parameter",
    doc: "",
    inputs: &[],
    arguments: &[],
    owns: false,
    modal: false,
    random: false,
    parts: None,
    rule: nothing,
};

pub const ROLE: &str = "value";

fn nothing(_: &Site) -> Result<Inferred, Refusal> {
    Ok(Inferred::real(Vec::new()))
}
