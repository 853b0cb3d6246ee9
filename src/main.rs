//! `kdc`: everything that a person types. Links no libtorch.

use std::process::ExitCode;

fn main() -> ExitCode {
    kdc::cli::main()
}
