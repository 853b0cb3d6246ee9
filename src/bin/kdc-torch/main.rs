//! `kdc-torch`: the engine. Reads a plan, never a `.kd` file; the only code that knows libtorch.

fn main() {}
