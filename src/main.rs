//! `kdc`: everything that a person types. Links no libtorch.

fn main() {}
