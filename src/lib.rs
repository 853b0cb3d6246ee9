//! kdc: a compiler for knowledge distillation.
//!
//! ```text
//! hint.kd ─▶ syntax ─▶ program ─▶ plan ─▶ hint.plan.yaml ─▶ engine (kdc-torch)
//!              │          │        │
//!              └── every pass adds diagnostics, none stops the next ──▶ diag
//! ```
//!
//! What holds throughout:
//! - No pass fails. Broken input gives a partial result and diagnostics; what follows from a mistake is
//!   not reported again.
//! - The library reads no files, prints nothing and never exits: files come through [`source::Files`].
//! - No pest type leaves `syntax`. Only `cli` knows miette and terminals.
//! - If `check` reports no error, a plan can be made, and the engine accepts it.
//! - An operation's rule stands in one place, `program::ops`; the engine asserts the plan's shapes.

pub mod diag;
pub mod plan;
pub mod program;
pub mod shape;
pub mod source;
pub mod syntax;
