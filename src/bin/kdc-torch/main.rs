//! `kdc-torch`: the engine. Reads a plan, never a `.kd` file; the only code that knows libtorch.

mod bench;
mod cli;
mod console;
mod constants;
mod data;
mod evaluate;
mod failure;
mod interpreter;
mod interrupt;
#[cfg(test)]
mod library_models;
mod libtorch;
#[cfg(test)]
mod losses;
mod ops;
mod optimizer;
mod parameters;
#[cfg(test)]
mod parity;
mod random;
mod report;
mod reuse;
mod run;
mod run_folder;
mod session;
mod summary;
#[cfg(test)]
mod testing;
mod trainer;
mod weights;

use std::process::ExitCode;

fn main() -> ExitCode {
    kdc::cli::panic::install();
    match cli::main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !matches!(failure, failure::Failure::Interrupted) {
                kdc::cli::output::complain(&failure.to_string());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}
