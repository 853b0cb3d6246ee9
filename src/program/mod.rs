//! What a file means: names, networks as graphs, shapes.

pub mod ops;
