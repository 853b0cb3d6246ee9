//! The data that kdc carries with it.

pub mod shapes;
