//! Which lines start a statement, and which go on with one.

use super::spacing::{Around, closes, opened};
use super::tokens::{Kind, Token};
use std::ops::Range;

pub struct Line {
    pub tokens: Range<usize>,
    pub part: Part,
    /// The braces in which it stands, by the token that opens them.
    pub block: Option<usize>,
    /// A blank line stands above it, and may.
    pub blank_above: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Comment,
    Statement,
    Continuation,
    /// It stands in round or square brackets, or starts with a closing one.
    Inside,
}

/// Signs and words with which a line goes on, or after which the next one does.
fn is_operator(token: &Token) -> bool {
    match token.kind {
        Kind::Sign => matches!(
            token.text,
            "->" | "~>"
                | "+"
                | "-"
                | "*"
                | "/"
                | "%"
                | "@"
                | "^"
                | "=="
                | "!="
                | "<="
                | ">="
                | "<"
                | ">"
        ),
        Kind::Word => matches!(token.text, "and" | "or"),
        _ => false,
    }
}

pub fn lines(tokens: &[Token]) -> Vec<Line> {
    let mut open: Vec<(usize, Around)> = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut last_code: Option<usize> = None;
    let mut start = 0;
    while start < tokens.len() {
        let next = tokens[start + 1..]
            .iter()
            .position(|token| token.line_ends > 0);
        let end = next.map_or(tokens.len(), |next| start + 1 + next);
        let first = &tokens[start];
        let before = start.checked_sub(1).map(|before| &tokens[before]);
        let at_start = before.is_none_or(|before| opened(None, before).is_some());
        lines.push(Line {
            part: part(tokens, start, end, last_code, open.last()),
            block: block(&open),
            blank_above: first.line_ends > 1 && !(at_start || closes(first)),
            tokens: start..end,
        });
        for at in start..end {
            let before = at.checked_sub(1).map(|before| &tokens[before]);
            if let Some(around) = opened(before, &tokens[at]) {
                open.push((at, around));
            } else if closes(&tokens[at]) {
                open.pop();
            }
            if tokens[at].kind != Kind::Comment {
                last_code = Some(at);
            }
        }
        start = end;
    }
    lines
}

fn block(open: &[(usize, Around)]) -> Option<usize> {
    let braces = open
        .iter()
        .rev()
        .find(|(_, around)| *around == Around::Brace);
    braces.map(|(at, _)| *at)
}

fn part(
    tokens: &[Token],
    start: usize,
    end: usize,
    last_code: Option<usize>,
    around: Option<&(usize, Around)>,
) -> Part {
    let first = &tokens[start];
    let around = around.map_or(Around::Nothing, |(_, around)| *around);
    if first.kind == Kind::Comment {
        return Part::Comment;
    }
    if closes(first) || !matches!(around, Around::Nothing | Around::Brace) {
        return Part::Inside;
    }
    let Some(last) = last_code.map(|last| &tokens[last]) else {
        return Part::Statement;
    };
    let unfinished = is_operator(last)
        || matches!(last.text, "=" | ":")
        || last.text == "," && around == Around::Nothing;
    let opens_block = last.text == "{";
    let goes_on = is_operator(first) || matches!(first.text, "else" | "by" | "weight" | "from");
    let names = matches!(tokens[start..end].get(1), Some(next) if matches!(next.text, ":" | "="));
    match unfinished || goes_on && !names && !opens_block {
        true => Part::Continuation,
        false => Part::Statement,
    }
}
