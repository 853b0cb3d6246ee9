//! `kdc graph`: the experiment as a picture.

use super::args::{Global, Graph, GraphFormat};
use super::check;
use super::exit::Exit;
use super::output::{self, Stream};
use crate::picture;

pub fn run(args: &Graph, global: &Global) -> Exit {
    let format = match args.format.or_else(|| ending(args)) {
        Some(format) => format,
        None => {
            output::complain(
                "the output's ending says no format: use .svg, .dot or .mmd, or say --format",
            );
            return Exit::Usage;
        }
    };
    let (experiment, plan) = match check::experiment(&args.file, global) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let picture = picture::compose(&experiment, &plan, args.depth.map(usize::from));
    let text = match format {
        GraphFormat::Svg => picture::svg(&picture),
        GraphFormat::Dot => picture::dot(&picture),
        GraphFormat::Mermaid => picture::mermaid(&picture),
    };
    let Some(path) = &args.output else {
        output::write(Stream::Out, &text);
        return Exit::Ok;
    };
    match std::fs::write(path, text) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            output::complain(&format!("cannot write `{}`: {error}", path.display()));
            Exit::Usage
        }
    }
}

/// The format that the output's name says. None where it says none that is known.
fn ending(args: &Graph) -> Option<GraphFormat> {
    let Some(path) = &args.output else {
        return Some(GraphFormat::Svg);
    };
    match path.extension()?.to_str()? {
        "svg" => Some(GraphFormat::Svg),
        "dot" | "gv" => Some(GraphFormat::Dot),
        "mmd" | "mermaid" => Some(GraphFormat::Mermaid),
        _ => None,
    }
}
