//! Braces around several lines stand at the end of a line and at the start of one.

use super::spacing::{Around, closes, opened};
use super::tokens::{Kind, Token};

/// Ends lines behind `{` and before `}` where what stands between takes several.
pub fn break_lines(tokens: &mut [Token]) {
    let mut open: Vec<(usize, Around)> = Vec::new();
    for at in 0..tokens.len() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        if let Some(around) = opened(before, &tokens[at]) {
            open.push((at, around));
        } else if closes(&tokens[at])
            && let Some((start, Around::Brace)) = open.pop()
            && tokens[start + 1..=at]
                .iter()
                .any(|token| token.line_ends > 0)
        {
            tokens[at].line_ends = tokens[at].line_ends.max(1);
            let first = &mut tokens[start + 1];
            if first.kind != Kind::Comment {
                first.line_ends = first.line_ends.max(1);
            }
        }
    }
}
