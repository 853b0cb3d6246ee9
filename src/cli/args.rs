//! What can be typed. Types only.

use crate::diag::{Code, Severity, suggest};
use crate::plan::Keep;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  kdc new birds                 begin an experiment of your own
  kdc check examples/hint.kd    find mistakes, in milliseconds
  kdc train examples/hint.kd    check, then train; the result lies in runs/hint
  kdc eval examples/hint.kd     measure what was trained
  kdc explain E0301             what a mistake is about
  kdc explain conv2d            what an operation, loss or model takes and gives";

const EXIT_CODES: &str = "\
Exit codes:
    0  all is well; there may be warnings
    1  the file has errors
    2  wrong usage, or a file that cannot be read
    3  the engine is missing or does not fit
    4  training failed
  101  a bug in kdc
  130  interrupted";

/// A compiler for knowledge distillation.
#[derive(Debug, Parser)]
#[command(
    name = "kdc",
    arg_required_else_help = true,
    disable_version_flag = true,
    before_long_help = EXAMPLES,
    after_long_help = EXIT_CODES,
    after_help = "`kdc --help` has examples and the exit codes."
)]
pub struct Args {
    /// Print the version; with --verbose also what it was built to work with
    #[arg(short = 'V', long)]
    pub version: bool,

    /// With --version: print more
    #[arg(short, long, requires = "version")]
    pub verbose: bool,

    #[command(flatten)]
    pub global: Global,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Global {
    /// Color the output
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        display_order = 100
    )]
    pub color: ColorChoice,

    /// Print problems only, no summary
    #[arg(short, long, global = true, display_order = 100)]
    pub quiet: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin an experiment of your own: a folder with commented .kd files to change
    #[command(before_long_help = "\
Examples:
  kdc new birds
  cd birds && kdc train student.kd")]
    New(New),
    /// Find the mistakes in .kd files
    #[command(before_long_help = "\
Examples:
  kdc check                          every .kd file below this folder
  kdc check hint.kd losses/          a file, and all files of a folder
  kdc check --message-format short   one line for each problem
  kdc check --fix hint.kd            mend what is surely a slip
  kdc check -D warnings              for CI: warnings count as errors
  kdc check - < hint.kd              standard input")]
    Check(Check),
    /// Print the plan of a file: a summary, and as YAML all that its training will compute
    #[command(before_long_help = "\
Examples:
  kdc plan hint.kd > hint.plan.yaml")]
    Plan(Plan),
    /// Draw a file: its networks with shapes, taps and losses, what learns and what is dropped
    #[command(before_long_help = "\
Examples:
  kdc graph hint.kd > hint.svg
  kdc graph hint.kd -o hint.svg
  kdc graph hint.kd -o hint.dot         the ending says the format: .svg, .dot or .gv, .mmd or .mermaid
  kdc graph hint.kd --format mermaid    for Markdown
  kdc graph hint.kd --depth 1           only what the models name; 2 and more take that apart")]
    Graph(Graph),
    /// Train what a file describes
    #[command(before_long_help = "\
Examples:
  kdc train hint.kd
  kdc train hint.kd --device cuda:1 --seed 7
  kdc train kd.kd hint.kd --seeds 3  six runs, for which the teacher answers once
  kdc train hint.kd --force          replace the result of an earlier run")]
    Train(Train),
    /// Measure the students that a file has trained
    #[command(before_long_help = "\
Examples:
  kdc eval hint.kd")]
    Eval(Eval),
    /// Write .kd files in the one style
    #[command(before_long_help = "\
Examples:
  kdc fmt                    every .kd file below this folder
  kdc fmt --check            for CI: list files that would change
  kdc fmt --diff hint.kd     print what would change
  kdc fmt - < hint.kd        standard input, to standard output")]
    Fmt(Fmt),
    /// Explain a code of a message, or anything that can be called in a .kd file
    #[command(before_long_help = "\
Examples:
  kdc explain E0301
  kdc explain conv2d
  kdc explain nn.Conv2d      what PyTorch's layer is called
  kdc explain codes          all codes; so operations, losses, models and data")]
    Explain(Explain),
    /// Serve an editor: the language server, on standard input and output
    Lsp,
    /// Print versions and where the engine is
    Info,
    /// Print what lets a shell complete kdc's commands
    #[command(before_long_help = "\
Examples:
  kdc completions bash > ~/.local/share/bash-completion/completions/kdc
  kdc completions zsh > ~/.zfunc/_kdc          with ~/.zfunc in $fpath
  kdc completions fish > ~/.config/fish/completions/kdc.fish")]
    Completions(Completions),
    /// Write the manual pages, kdc.1 and one for each command
    #[command(before_long_help = "\
Examples:
  kdc man ~/.local/share/man/man1")]
    Man(Man),
}

#[derive(Debug, ClapArgs)]
pub struct Check {
    /// Files, or folders whose .kd files are meant; `-` is standard input [default: this folder]
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub messages: Messages,

    /// Make a warning an error: its code or name, or `warnings` for all of them
    #[arg(short = 'D', long, value_name = "CODE", value_delimiter = ',', value_parser = denied)]
    pub deny: Vec<Denied>,

    /// Leave out a warning: its code or name
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = allowed)]
    pub allow: Vec<Code>,

    /// Apply the repairs that are surely meant, and report what is left
    #[arg(long)]
    pub fix: bool,

    /// Apply the repairs that change what is trained, too: they add a layer or pick a value
    #[arg(long)]
    pub unsafe_fixes: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Fmt {
    /// Files, or folders whose .kd files are meant; `-` is standard input [default: this folder]
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// Change nothing; list the files that would change, and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,

    /// Change nothing; print what would change
    #[arg(long)]
    pub diff: bool,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Messages {
    /// How to print problems: for people on standard error, else for tools on standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub message_format: MessageFormat,
}

#[derive(Debug, ClapArgs)]
pub struct Plan {
    /// The experiment; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    pub rounding: Rounding,
}

#[derive(Debug, ClapArgs)]
pub struct Graph {
    /// The experiment; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// What to write [default: what the output's ending says, or else svg]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<GraphFormat>,

    /// How far to take networks apart [default: as far as can be read]
    #[arg(long, value_name = "N")]
    pub depth: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A picture
    Svg,
    /// For Graphviz
    Dot,
    /// For Mermaid, as in Markdown
    Mermaid,
}

#[derive(Debug, ClapArgs)]
pub struct Train {
    /// The experiments; they share their data and what their teachers answer
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub machine: Machine,

    /// Begin from this seed instead of the file's; several, with commas between, are one run each
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub seed: Vec<u64>,

    /// So many runs, with the file's first seed and those that follow it
    #[arg(long, value_name = "N", conflicts_with = "seed",
          value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: Option<u64>,

    /// Train for so many epochs instead of the file's, in every stage
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: Option<u64>,

    /// Keep what the teachers answer: auto, memory, disk or off, instead of what the file says
    #[arg(long, value_name = "WHERE", value_parser = keep)]
    pub cache: Option<Keep>,

    /// Say in the end where the time went
    #[arg(long)]
    pub profile: bool,

    /// Replace the result of an earlier run, and begin an interrupted one anew
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Eval {
    /// The experiment
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    pub machine: Machine,
}

/// Where the engine computes.
#[derive(Clone, Debug, ClapArgs)]
pub struct Machine {
    /// auto, cpu, cuda or cuda:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = device)]
    pub device: String,

    /// Threads to compute with on the CPU [default: as many as there are cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// The folder of all runs [default: runs]
    #[arg(long, value_name = "DIR")]
    pub runs: Option<PathBuf>,

    #[command(flatten)]
    pub rounding: Rounding,
}

#[derive(Clone, Debug, ClapArgs)]
pub struct Rounding {
    /// Compute as PyTorch does on a CPU, bit by bit, which is slower
    #[arg(long)]
    pub exact: bool,
}

#[derive(Debug, ClapArgs)]
pub struct Explain {
    /// A code (E0301) or its name (edge-shapes), or anything that can be called (conv2d, dkd, adam)
    #[arg(value_name = "CODE|NAME")]
    pub what: String,
}

#[derive(Debug, ClapArgs)]
pub struct New {
    /// The folder to make; it must not be there yet
    #[arg(value_name = "NAME")]
    pub folder: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub struct Completions {
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub struct Man {
    /// The folder to write them to; it is made if need be
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR says otherwise
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// Drawings with the lines in question
    #[default]
    Human,
    /// file:line:column: error[CODE]: message
    Short,
    /// One object a line (docs/diagnostics-json.md)
    Json,
    /// One SARIF 2.1.0 log, which services for code review read
    Sarif,
}

/// What `--deny` makes an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    Warnings,
    One(Code),
}

fn denied(text: &str) -> Result<Denied, String> {
    match text {
        "warnings" => Ok(Denied::Warnings),
        _ => code(text).map(Denied::One),
    }
}

fn allowed(text: &str) -> Result<Code, String> {
    let code = code(text)?;
    match code.severity() {
        Severity::Warning => Ok(code),
        Severity::Error => Err(format!(
            "{code} is an error, and only warnings can be allowed"
        )),
    }
}

fn code(text: &str) -> Result<Code, String> {
    Code::parse(text).ok_or_else(|| match suggest::nearest(text, Code::words()) {
        Some(near) => format!("there is no such code; there is `{near}`"),
        None => "there is no such code; `kdc explain codes` lists them".into(),
    })
}

fn keep(text: &str) -> Result<Keep, String> {
    let unknown = || "it is `auto`, `memory`, `disk` or `off`".to_string();
    Keep::from_word(text).ok_or_else(unknown)
}

fn device(text: &str) -> Result<String, String> {
    let known = match text.split_once(':') {
        None => ["auto", "cpu", "cuda"].contains(&text),
        Some(("cuda", number)) => number.parse::<u8>().is_ok(),
        Some(_) => false,
    };
    match known {
        true => Ok(text.into()),
        false => Err("a device is `auto`, `cpu`, `cuda` or `cuda:1`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn devices() {
        for good in ["auto", "cpu", "cuda", "cuda:0", "cuda:12"] {
            assert!(device(good).is_ok(), "{good}");
        }
        for bad in ["gpu", "cuda:", "cuda:x", "cpu:0", "cuda:-1", ""] {
            assert!(device(bad).is_err(), "{bad}");
        }
    }
}
