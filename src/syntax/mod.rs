//! Text to tree. Parsing cannot fail: there is always a tree, and diagnostics for what is wrong.
//!
//! ```text
//! text ─▶ scan::read ─▶ pest, grammar/kd.pest ─▶ lower ─▶ ast
//!         characters,   total: junk is a rule    │
//!         depth                                  └▶ recover: why a piece of junk fits nothing
//! ```
//!
//! No pest type leaves this module.

pub mod ast;
mod grammar;
mod lookalike;
mod lower;
mod nesting;
mod recover;
mod scan;
mod text;

use crate::diag::{Code, Diagnostic};
use crate::source::SourceFile;
use lower::Lower;

/// What a text says, and what is wrong with it.
pub struct Parse {
    pub file: ast::File,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file's text. Never fails, never panics; every span lies on character boundaries of the text.
///
/// A piece that cannot be read keeps what can be told of it: a broken `tap x …` is a tap named `x`
/// whose value is an error node. No expression is deeper than [`MAX_HEIGHT`] nodes, so the
/// tree may be walked recursively.
pub fn parse(source: &SourceFile) -> Parse {
    let (text, diagnostics) = scan::read(source);
    let mut lower = Lower::new(&text, diagnostics);
    let items = match grammar::file(&text.clean) {
        Ok(file) => lower.items(file),
        // Only if the grammar did not accept every text after all.
        Err(at) => {
            let span = text.span(at..at);
            lower.report(
                Diagnostic::new(Code::E0001, "the text cannot be read from here on")
                    .at(span, "nothing fits here"),
            );
            Vec::new()
        }
    };
    Parse {
        file: ast::File {
            id: source.id,
            items,
        },
        diagnostics: lower.finish(),
    }
}

/// The most nodes from an expression's root to a leaf.
pub const MAX_HEIGHT: usize = 256;
