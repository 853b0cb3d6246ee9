//! The data that kdc carries with it.

pub mod phrases;
mod random;
pub mod shapes;
