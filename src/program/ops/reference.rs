//! The reference of all operations, as Markdown.

use super::{FAMILIES, Family, Kind, Operation};
use std::fmt::Write;

/// The text of `docs/operations.md`, by family.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Operations\n\n\
         What a `.kd` file can call besides its own and the library's models, losses and functions. \
         This page is generated from the table that the checker uses.\n\n\
         Tensors come first, then arguments. An argument that has a default may be left out; only those \
         marked *positional* may stand without their name. `[..]` is any shape, `N` the batch.\n\n",
    );
    for family in FAMILIES {
        contents(&mut text, family);
    }
    for family in FAMILIES {
        let _ = write!(text, "\n## {}\n\n{}\n", family.title, family.doc);
        for op in family.operations {
            entry(&mut text, op);
        }
    }
    text
}

fn contents(text: &mut String, family: &Family) {
    let links: Vec<String> = family
        .operations
        .iter()
        .map(|op| format!("[`{0}`](#{0})", op.name))
        .collect();
    let _ = writeln!(text, "- {}: {}", family.title, links.join(" "));
}

fn entry(text: &mut String, op: &Operation) {
    let _ = write!(
        text,
        "\n### `{}`\n\n```text\n{}\n```\n\n{}\n",
        op.name,
        op.signature(),
        op.doc
    );
    if op.arguments.is_empty() {
        return;
    }
    text.push_str("\n| Argument | Values | Default | Meaning |\n|---|---|---|---|\n");
    for argument in op.arguments {
        let positional = if argument.positional {
            " (positional)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| `{}`{positional} | {} | {} | {} |",
            argument.name,
            values(argument.kind),
            argument.default,
            argument.doc
        );
    }
}

fn values(kind: Kind) -> String {
    match kind.bounds() {
        Some(bounds) => format!("{kind}, {bounds}"),
        None => kind.to_string(),
    }
}
