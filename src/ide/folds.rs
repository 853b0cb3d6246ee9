//! The parts of a text that an editor can fold away. They are told from its words alone, so that a broken text
//! keeps them.

use super::Analysis;
use crate::format::tokens::{self, Kind};
use std::cmp::Reverse;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoldKind {
    Block,
    Comment,
    Imports,
}

/// Lines from the first, which stays to be seen, to the last one that is hidden; both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    pub first: usize,
    pub last: usize,
    pub kind: FoldKind,
}

pub fn of(analysis: &Analysis) -> Vec<Fold> {
    let source = analysis.source();
    let text = &source.text;
    let mut folds = Vec::new();
    let mut opened: Vec<usize> = Vec::new();
    for token in tokens::tokens(text) {
        let line = source.position(token.start(text)).line - 1;
        match (token.kind, token.text) {
            (Kind::Sign, "{" | "(" | "[") => opened.push(line),
            (Kind::Sign, "}" | ")" | "]") => {
                // The line of the closing bracket stays to be seen.
                let first = opened.pop().filter(|first| first + 1 < line);
                folds.extend(first.map(|first| Fold {
                    first,
                    last: line - 1,
                    kind: FoldKind::Block,
                }));
            }
            _ => {}
        }
    }
    folds.extend(runs(text, "//", FoldKind::Comment));
    folds.extend(runs(text, "use ", FoldKind::Imports));
    // One fold for each first line, the longest: editors show one mark.
    folds.sort_by_key(|fold| (fold.first, Reverse(fold.last)));
    folds.dedup_by_key(|fold| fold.first);
    folds
}

/// Where two or more lines that follow each other start with the same.
fn runs(text: &str, start: &str, kind: FoldKind) -> Vec<Fold> {
    let mut folds = Vec::new();
    let mut first = None;
    let lines = text.lines().chain([""]);
    for (number, line) in lines.enumerate() {
        match (line.trim_start().starts_with(start), first) {
            (true, None) => first = Some(number),
            (false, Some(began)) => {
                if began + 1 < number {
                    folds.push(Fold {
                        first: began,
                        last: number - 1,
                        kind,
                    });
                }
                first = None;
            }
            _ => {}
        }
    }
    folds
}
