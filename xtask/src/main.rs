//! What the README's commands run: sets libtorch up once, builds, then runs or tests.

mod accuracy;
mod bench;
mod build;
mod example;
mod fixtures;
mod libtorch;
mod processor;
mod python;

use libtorch::Libtorch;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

#[cfg(not(unix))]
compile_error!("kdc is built on Linux and macOS; on Windows, build it in WSL");

const USAGE: &str = "\
usage: cargo kdc ARGS           build kdc and run it; `train` and `eval` also build the engine
       cargo xtask test ARGS    set up what is missing and run all tests; ARGS are `cargo test`'s
       cargo xtask setup        set libtorch up
       cargo xtask fixtures     run PyTorch again to make tests/fixtures
       cargo xtask bench        compare kdc with PyTorch programs; writes docs/performance*.md, with --try nothing
       cargo xtask accuracy     hold kdc's accuracy against PyTorch's, on CIFAR-10; writes docs/accuracy*.md";

/// What `kdc` itself answers when the engine is missing.
const NOT_SET_UP: u8 = 3;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let command = args.next().unwrap_or_default();
    let args: Vec<OsString> = args.collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the project");
    let libtorch = Libtorch::of(root);
    let result = match command.to_str() {
        Some("kdc") => build::kdc(&libtorch, &args),
        Some("test") => build::test(&libtorch, &args),
        Some("setup") if args.is_empty() => libtorch.set_up().map(|()| ExitCode::SUCCESS),
        Some("fixtures") if args.is_empty() => fixtures::make(root),
        Some("accuracy") if args.is_empty() => accuracy::run(&libtorch),
        Some("bench") => bench::run(&libtorch, &args),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    result.unwrap_or_else(|message| {
        eprintln!("error: {message}");
        ExitCode::from(NOT_SET_UP)
    })
}

/// What is being done, for the person who waits.
fn say(text: &str) {
    eprintln!("xtask: {text}");
}
