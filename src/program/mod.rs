//! What a file means: names, networks as graphs, shapes.

pub mod data;
pub mod declared;
pub mod elaborate;
pub mod experiment;
pub mod facts;
pub mod foreign;
pub mod graph;
pub mod initial;
pub mod library;
pub mod load;
pub mod number;
pub mod ops;
pub mod reference;
pub mod schedule;
pub mod value;
