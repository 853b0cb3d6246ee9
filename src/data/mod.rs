//! The data that kdc carries with it, and what names of classes say.

pub mod phrases;
mod random;
pub mod shapes;
pub mod tags;
