//! `kdc-torch`: the engine. Reads a plan, never a `.kd` file; the only code that knows libtorch.

mod amount;
mod autograd;
mod bench;
mod capture;
mod checkpoint;
mod choice;
mod cli;
mod console;
mod constants;
mod data;
mod dial;
mod epoch_log;
mod evaluate;
#[cfg(test)]
mod examples;
mod failure;
mod gathered;
mod graph;
mod interpreter;
mod interrupt;
mod layout;
#[cfg(test)]
mod library_models;
mod libtorch;
#[cfg(test)]
mod losses;
mod memory;
mod metrics;
#[cfg(test)]
mod modes;
mod ops;
mod optimizer;
mod parameters;
#[cfg(test)]
mod parity;
mod profile;
mod random;
#[cfg(test)]
mod recipes;
mod report;
mod reuse;
mod run;
mod run_folder;
mod running_mean;
mod session;
mod shared;
mod shim;
mod summary;
#[cfg(test)]
mod testing;
mod tf32;
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
