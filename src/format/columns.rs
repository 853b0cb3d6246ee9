//! Columns: in statements of one kind that follow each other, what corresponds stands below each other.

use super::lines::{Line, Part};
use super::spacing::{Around, blanks, closes, opened};
use super::tokens::{Kind, Token};
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Statement {
    Binding,
    Output,
    Tap,
    Network,
    Setting,
    Edge,
}

/// A statement's first line.
struct Row {
    first: usize,
    /// The tokens at which columns start, by column.
    starts: Vec<(usize, usize)>,
}

struct Run {
    kind: Statement,
    rows: Vec<Row>,
}

/// Blanks that go before tokens besides those that always stand there.
pub fn extra_blanks(tokens: &[Token], lines: &[Line]) -> HashMap<usize, usize> {
    let mut extra = HashMap::new();
    // The run that may go on, in each block.
    let mut runs: HashMap<Option<usize>, Run> = HashMap::new();
    for (number, line) in lines.iter().enumerate() {
        if line.blank_above || line.part == Part::Comment {
            close(tokens, runs.remove(&line.block), &mut extra);
        }
        if line.part != Part::Statement {
            continue;
        }
        let range = line.tokens.clone();
        let row = row(tokens, range.start, range.end);
        let fits = |kind| kind == Statement::Setting || is_whole(tokens, lines, number);
        let Some((kind, row)) = row.filter(|(kind, _)| fits(*kind)) else {
            close(tokens, runs.remove(&line.block), &mut extra);
            continue;
        };
        if runs.get(&line.block).is_some_and(|run| run.kind != kind) {
            close(tokens, runs.remove(&line.block), &mut extra);
        }
        let run = runs.entry(line.block).or_insert(Run {
            kind,
            rows: Vec::new(),
        });
        run.rows.push(row);
    }
    for (_, run) in runs {
        close(tokens, Some(run), &mut extra);
    }
    extra
}

/// Whether a statement ends on the line that it starts on.
fn is_whole(tokens: &[Token], lines: &[Line], number: usize) -> bool {
    let code = |line: &&Line| line.part != Part::Comment;
    let Some(next) = lines[number + 1..].iter().find(code) else {
        return true;
    };
    let ends_block = tokens[next.tokens.start].text == "}";
    next.block == lines[number].block && (next.part == Part::Statement || ends_block)
}

fn row(tokens: &[Token], first: usize, end: usize) -> Option<(Statement, Row)> {
    let text = |at: usize| if at < end { tokens[at].text } else { "" };
    let named = |at: usize| tokens[at].kind == Kind::Word;
    let equals = || at_top(tokens, first, end, "=").map(|at| vec![(0, at)]);
    let (kind, starts) = match text(first) {
        "edge" if !matches!(text(first + 1), "=" | ":" | "") => {
            (Statement::Edge, edge(tokens, first, end))
        }
        "teacher" | "student" if !matches!(text(first + 1), "=" | ":" | "") => {
            (Statement::Network, equals()?)
        }
        "output" if text(first + 2) == "=" => (Statement::Output, equals()?),
        "tap" if text(first + 2) == "=" => (Statement::Tap, equals()?),
        _ if named(first) && text(first + 1) == ":" && first + 2 < end => {
            (Statement::Setting, vec![(0, first + 2)])
        }
        _ if named(first) && text(first + 1) == "=" => (Statement::Binding, equals()?),
        "(" => (Statement::Binding, equals()?),
        _ => return None,
    };
    Some((kind, Row { first, starts }))
}

/// The source behind a name, `~>`, `by` and `weight`, as far as they stand on the line.
fn edge(tokens: &[Token], first: usize, end: usize) -> Vec<(usize, usize)> {
    let name = (tokens.get(first + 2)).filter(|sign| first + 3 < end && sign.text == ":");
    let source = name.map(|_| (0, first + 3));
    let others = ["~>", "by", "weight"].into_iter().enumerate();
    let others = others
        .filter_map(|(column, sign)| Some((column + 1, at_top(tokens, first + 1, end, sign)?)));
    source.into_iter().chain(others).collect()
}

/// Where a token stands outside brackets.
fn at_top(tokens: &[Token], first: usize, end: usize, text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().take(end).skip(first) {
        if opened(None, token).is_some() {
            depth += 1;
        } else if closes(token) {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.text == text && token.kind != Kind::String {
            return Some(at);
        }
    }
    None
}

fn close(tokens: &[Token], run: Option<Run>, extra: &mut HashMap<usize, usize>) {
    let Some(run) = run else { return };
    for column in 0..4 {
        let ends: Vec<(usize, usize)> = (run.rows.iter())
            .filter_map(|row| {
                let (_, at) = *row.starts.iter().find(|(c, _)| *c == column)?;
                Some((at, offset(tokens, row.first, at, extra)))
            })
            .collect();
        let widest = ends.iter().map(|(_, offset)| *offset).max().unwrap_or(0);
        for (at, offset) in ends {
            // A weight stands a little apart.
            let apart = usize::from(run.kind == Statement::Edge && column == 3);
            extra.insert(at, widest - offset + apart);
        }
    }
}

/// How far from its line's start a token stands.
fn offset(tokens: &[Token], first: usize, at: usize, extra: &HashMap<usize, usize>) -> usize {
    let mut around: Vec<Around> = Vec::new();
    let mut offset = 0;
    for place in first..=at {
        if place > first {
            let inner = around.last().copied().unwrap_or(Around::Nothing);
            offset += blanks(tokens, place, inner) + extra.get(&place).copied().unwrap_or(0);
        }
        if place < at {
            offset += tokens[place].text.chars().count();
        }
        let before = place.checked_sub(1).map(|before| &tokens[before]);
        if let Some(inner) = opened(before, &tokens[place]) {
            around.push(inner);
        } else if closes(&tokens[place]) {
            around.pop();
        }
    }
    offset
}
