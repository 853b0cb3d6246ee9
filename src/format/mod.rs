//! One style for `.kd` texts.
//!
//! Where lines break is the author's choice, but for braces around several lines; what stands between words, how
//! lines are indented and which columns line up is not. The words themselves and the comments stay as they are and in their order, so that
//! formatting changes no meaning and loses nothing.
//!
//! - Four blanks for each brace. In brackets that something follows on their line, lines start behind the bracket.
//! - A line that goes on with `->` stands below the first `->` of its statement, else four blanks further in.
//! - In statements of one kind that follow each other, `=`, the values of settings, and an edge's `~>`, `by`
//!   and `weight` stand below each other.
//! - Braces around several lines end one and start one.
//! - At most one blank line, and none at a block's start or end.

mod blocks;
mod columns;
mod lines;
mod spacing;
pub(crate) mod tokens;
mod write;

use crate::diag::Diagnostic;
use crate::source::SourceFile;
use crate::syntax;

/// The text in the one style, or why it cannot be read.
pub fn format(source: &SourceFile) -> Result<String, Vec<Diagnostic>> {
    let mistakes = syntax::parse(source).diagnostics;
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let text = source.text.trim_start_matches('\u{feff}');
    let mut tokens = tokens::tokens(text);
    blocks::break_lines(&mut tokens);
    let lines = lines::lines(&tokens);
    let extra = columns::extra_blanks(&tokens, &lines);
    let written = write::write(&tokens, &lines, &extra);
    Ok(match text.contains("\r\n") {
        true => written.replace('\n', "\r\n"),
        false => written,
    })
}
