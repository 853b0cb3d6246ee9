//! The reference of data sources, transforms, optimizers, metrics, starts and files of weights, as Markdown.

use super::data::{COLUMN, SOURCES, STATISTICS, TRANSFORMS};
use super::declared::Declared;
use super::experiment::{METRICS, OPTIMIZERS, WEIGHTS};
use super::initial::INITIALISERS;
use super::schedule::SCHEDULES;
use std::fmt::Write;

/// All that is declared so, under the titles of the reference.
pub const TABLES: &[(&str, &[Declared])] = &[
    ("Sources", SOURCES),
    ("Columns", COLUMN),
    ("Transforms", TRANSFORMS),
    ("Constants", STATISTICS),
    ("Optimizers", OPTIMIZERS),
    ("Schedules", SCHEDULES),
    ("Metrics", METRICS),
    ("Weights", WEIGHTS),
    ("Starts", INITIALISERS),
];

/// What such a name means.
pub fn find(name: &str) -> Option<&'static Declared> {
    let mut all = TABLES.iter().flat_map(|(_, table)| *table);
    all.find(|declared| declared.name == name)
}

/// What data take.
const MEMORY: &str = "\n**Memory.** Data are opened once and stay in memory, on the device that trains: a number takes 4 bytes, \
    a class or token 8, a pixel's colour 1. Tables are read whole, only the columns that fields begin with. While one is opened, \
    each value of `csv`, `jsonl` and `parquet` takes about 60 bytes: 100 million tokens take 6 GB then, and 0.8 GB \
    afterwards. Arrays of `npz` take no more than they hold. Pictures in files \
    are kept where they take less than 2 GiB together, and else read for each batch.\n";

/// The text of `docs/data.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Data, optimizers, metrics, weights and starts\n\n\
         What can stand in a `data` pipeline, what `optimizer:` takes, how numbers may change in training, what \
         `metrics` may list besides losses and functions, what can stand after `from`, and how parameters start. [Texts](texts.md) are explained on a page of \
         their own. This page is generated from the tables that \
         the checker uses.\n\n\
         Arguments are given by name; those marked *positional* may stand without it.\n",
    );
    text.push_str(MEMORY);
    for (title, table) in TABLES {
        let _ = write!(text, "\n## {title}\n");
        for declared in *table {
            entry(&mut text, declared);
        }
    }
    text
}

fn entry(text: &mut String, declared: &Declared) {
    let _ = write!(text, "\n### `{}`\n\n{}\n", declared.name, declared.doc);
    if !declared.parameters.is_empty() {
        text.push_str("\n| Argument | Takes | Needed | Meaning |\n|---|---|---|---|\n");
    }
    for parameter in declared.parameters {
        let _ = writeln!(
            text,
            "| `{}`{} | {} | {} | {} |",
            parameter.name,
            if parameter.positional {
                " (positional)"
            } else {
                ""
            },
            parameter.wants.words(),
            if parameter.optional { "no" } else { "yes" },
            parameter.doc
        );
    }
}
