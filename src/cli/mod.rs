//! The command line: the only module that reads files, prints, and knows terminals and miette.

pub mod args;
mod check;
mod engine;
mod exit;
mod explain;
pub mod files;
mod format;
mod graph;
mod info;
mod levels;
pub mod lsp;
mod new;
pub mod output;
pub mod panic;
pub mod render;
pub mod repair;
mod report;
mod shell;
mod terminal;
mod train;

use args::{Args, Command};
use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

/// The whole of `kdc`.
pub fn main() -> ExitCode {
    panic::install();
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help, too, arrives here. A closed pipe is no matter.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    run(&args).into()
}

fn run(args: &Args) -> Exit {
    let global = &args.global;
    match &args.command {
        _ if args.version && args.verbose => info::run(),
        _ if args.version => info::version(),
        Some(Command::Check(args)) => check::run(args, global),
        Some(Command::Plan(args)) => match check::plan(&args.file, &args.rounding, global) {
            Ok(plan) => {
                output::write(
                    output::Stream::Out,
                    &(comment(&plan.summary()) + &plan.to_yaml()),
                );
                Exit::Ok
            }
            Err(exit) => exit,
        },
        Some(Command::Graph(args)) => graph::run(args, global),
        Some(Command::Train(args)) => train::train(args, global),
        Some(Command::Eval(args)) => train::eval(args, global),
        Some(Command::Explain(args)) => explain::run(args),
        Some(Command::Fmt(args)) => format::run(args, global),
        Some(Command::New(args)) => new::run(args, global),
        Some(Command::Completions(args)) => shell::completions(args),
        Some(Command::Man(args)) => shell::man(args),
        Some(Command::Lsp) => lsp::run(),
        Some(Command::Info) => info::run(),
        None => {
            output::complain("a command is missing; `kdc --help` lists them");
            Exit::Usage
        }
    }
}

/// A text as a comment of YAML, with an empty line behind it.
fn comment(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| format!("# {line}").trim_end().to_string() + "\n");
    lines.chain(["\n".to_string()]).collect()
}
