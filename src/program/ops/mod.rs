//! The table of operations: signature, documentation, shape rule, parameters and cost, in one place.
//!
//! The checker, the plan, hover, completion, `explain` and the reference page read it; a test
//! compares every rule with libtorch on random arguments.

#![allow(
    clippy::result_large_err,
    reason = "a refusal is rare, and its parts are the message"
)]

mod activation;
mod arithmetic;
mod attention;
mod call;
mod check;
mod compare;
mod convolution;
mod gradient;
mod linear;
mod norm;
mod operation;
pub mod parameter;
mod part;
mod pooling;
mod reduce;
pub mod reference;
mod select;
mod shape;
mod signature;
mod site;
#[cfg(test)]
mod tests;
pub mod torch_names;
mod window;

pub use call::{Blame, Element, Inferred, Refusal, Repair, Site, Tensor, Value, Weight};
pub use operation::{Argument, Default, Input, Kind, Operation, Part, Takes};

use std::collections::HashMap;
use std::sync::LazyLock;

/// The largest number of parameters that one operation may own: 40 GB in f32.
pub const MOST_PARAMETERS: u64 = 10_000_000_000;

/// The largest number of values that an operation may give for one sample: 4 TB in f32.
pub const MOST_VALUES: u64 = 1_000_000_000_000;

/// Operations of one kind, for the reference.
pub struct Family {
    pub title: &'static str,
    /// Markdown, a sentence or two on what they share.
    pub doc: &'static str,
    pub operations: &'static [Operation],
}

/// All families, in the order of the reference.
pub static FAMILIES: &[&Family] = &[
    &convolution::FAMILY,
    &linear::FAMILY,
    &attention::FAMILY,
    &pooling::FAMILY,
    &norm::FAMILY,
    &activation::FAMILY,
    &arithmetic::FAMILY,
    &compare::FAMILY,
    &reduce::FAMILY,
    &shape::FAMILY,
    &part::FAMILY,
    &select::FAMILY,
    &gradient::FAMILY,
];

/// All operations, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    FAMILIES.iter().flat_map(|family| family.operations)
}

/// The operation of that name.
pub fn find(name: &str) -> Option<&'static Operation> {
    static BY_NAME: LazyLock<HashMap<&str, &Operation>> =
        LazyLock::new(|| all().map(|op| (op.name, op)).collect());
    BY_NAME.get(name).copied()
}

/// One tensor of any shape.
const REAL: &[Input] = &[Input::real("x", "[..]")];
const ANY: &[Input] = &[Input::any("x", "[..]")];

/// Two operands, numbers or tensors.
const OPERANDS: &[Input] = &[
    Input::real("a", "[..]").or_number(),
    Input::real("b", "[..]").or_number(),
];
