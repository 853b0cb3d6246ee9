//! Text to tree. Parsing cannot fail: there is always a tree, and diagnostics for what is wrong.
//!
//! ```text
//! text ─▶ scan::read ─▶ items ─▶ pest, grammar/kd.pest ─▶ lower ─▶ ast
//!         characters,   threads  total: junk is a rule    │
//!         depth                                           └▶ recover: why a piece of junk fits nothing
//! ```
//!
//! No pest type leaves this module.

mod again;
pub mod ast;
mod grammar;
mod items;
mod lookalike;
mod lower;
mod moved;
mod nesting;
mod recover;
mod scan;
mod text;

use crate::diag::Diagnostic;
use crate::source::SourceFile;
use std::rc::Rc;

pub use again::Readings;

/// What a text says, and what is wrong with it.
#[derive(Clone)]
pub struct Parse {
    pub file: Rc<ast::File>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file's text. Never fails, never panics; every span lies on character boundaries of the text.
///
/// A piece that cannot be read keeps what can be told of it: a broken `tap x …` is a tap named `x`
/// whose value is an error node. No expression is deeper than [`MAX_HEIGHT`] nodes, so the
/// tree may be walked recursively.
pub fn parse(source: &SourceFile) -> Parse {
    again::Reading::of(source, None).parse
}

/// Whether a word can never be a name.
pub fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 11] = [
        "if", "else", "for", "in", "and", "or", "not", "true", "false", "none", "as",
    ];
    RESERVED.contains(&word)
}

/// Whether a word is a keyword in some places; in others it may be a name.
pub fn is_keyword(word: &str) -> bool {
    let starts = recover::ITEM_WORDS.iter().chain(&recover::STMT_WORDS);
    starts
        .chain(&["by", "weight", "from", "on"])
        .any(|w| *w == word)
}

/// The most nodes from an expression's root to a leaf.
pub const MAX_HEIGHT: usize = 256;
