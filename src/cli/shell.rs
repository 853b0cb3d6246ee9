//! `kdc completions` and `kdc man`: what shells and `man` know of kdc, from the definition of its arguments.

use super::args::{Args, Completions, Man};
use super::exit::Exit;
use super::output::{self, Stream};
use clap::{Command, CommandFactory};
use std::fs;
use std::path::Path;

pub fn completions(args: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "kdc", &mut script);
    output::write(Stream::Out, &String::from_utf8_lossy(&script));
    Exit::Ok
}

pub fn man(args: &Man) -> Exit {
    match pages(&args.folder) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            let folder = args.folder.display();
            output::complain(&format!(
                "the pages cannot be written to `{folder}`: {error}"
            ));
            Exit::Usage
        }
    }
}

fn pages(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let command = with_examples(Args::command().mut_subcommands(with_examples));
    clap_mangen::generate_to(command, folder)
}

/// Manual pages have what stands behind the help of a command, but not what stands before it.
fn with_examples(command: Command) -> Command {
    let texts = [
        command.get_before_long_help(),
        command.get_after_long_help(),
    ];
    let texts: Vec<String> = texts.into_iter().flatten().map(|t| t.to_string()).collect();
    command.after_long_help(texts.join("\n\n"))
}
