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
use text::Text;

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
    let items = items(&text, &mut lower);
    Parse {
        file: ast::File {
            id: source.id,
            items,
        },
        diagnostics: lower.finish(),
    }
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

fn items(text: &Text, lower: &mut Lower) -> Vec<ast::Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < text.clean.len() {
        let next = grammar::next_item(&text.clean[at..]);
        let end = next.as_ref().map_or(0, |pair| pair.as_span().end());
        match next {
            Ok(pair) if end > 0 => lower.items(pair, at, &mut items),
            // Only if the grammar did not accept every text after all.
            Ok(_) | Err(_) => {
                let at = at + next.err().unwrap_or(0);
                let span = text.span(at..at);
                lower.report(
                    Diagnostic::new(Code::E0001, "the text cannot be read from here on")
                        .at(span, "nothing fits here"),
                );
                break;
            }
        }
        at += end;
    }
    items
}

/// The most nodes from an expression's root to a leaf.
pub const MAX_HEIGHT: usize = 256;
