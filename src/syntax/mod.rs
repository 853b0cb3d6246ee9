//! Text to tree. Parsing cannot fail: there is always a tree, and diagnostics for what is wrong.

pub mod ast;

use crate::diag::Diagnostic;
use crate::source::SourceFile;

/// What a text says, and what is wrong with it.
pub struct Parse {
    pub file: ast::File,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a file's text. Never fails, never panics; every span lies on character boundaries of the text.
pub fn parse(source: &SourceFile) -> Parse {
    Parse {
        file: ast::File {
            id: source.id,
            items: Vec::new(),
        },
        diagnostics: Vec::new(),
    }
}
