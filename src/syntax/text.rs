//! A text as the grammar reads it, and what can be asked of it besides.

use crate::source::{FileId, Span};
use std::ops::Range;

/// Two characters that are one sign.
const OPERATORS: [&str; 18] = [
    "->", "~>", "=>", "|>", "<-", "==", "!=", "<=", ">=", "**", "&&", "||", "::", ":=", "..", "+=",
    "-=", "*=",
];

/// A text that the grammar can read, byte for byte as long as the user's.
pub(super) struct Text<'s> {
    pub(super) file: FileId,
    pub(super) source: &'s str,
    /// Line ends are `\n`, look-alikes of operators replaced, too deep nesting filled with NUL, which
    /// fits nothing in the grammar.
    pub clean: String,
    pub(super) comments: Vec<Range<usize>>,
    /// Outside strings, comments and what is too deep.
    pub(super) brackets: Vec<(usize, u8)>,
    /// Where something has been reported that a reader of the grammar stumbles over again.
    pub(super) reported: Vec<usize>,
}

impl Text<'_> {
    /// The place in the user's text. What was put for a longer character stands for all of it.
    pub fn span(&self, range: Range<usize>) -> Span {
        let (mut start, mut end) = (range.start, range.end);
        while !self.source.is_char_boundary(start) {
            start -= 1;
        }
        if range.is_empty() {
            end = start;
        }
        while !self.source.is_char_boundary(end) {
            end += 1;
        }
        Span::new(self.file, start..end)
    }

    pub fn of(&self, span: Span) -> &str {
        &self.clean[span.range()]
    }

    /// The range without blanks and comments at its end.
    pub fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let mut end = range.end;
        loop {
            end = range.start + self.clean[range.start..end].trim_end().len();
            let before = self.comments.partition_point(|c| c.end < end);
            match self.comments.get(before) {
                Some(c) if c.end == end && c.start >= range.start => end = c.start,
                _ => return range.start..end,
            }
        }
    }

    /// Whether something has been reported on the lines of the range: a character that was taken out
    /// leaves a hole that is not worth a second word.
    pub fn has_reported(&self, range: Range<usize>) -> bool {
        if self.reported.is_empty() {
            return false;
        }
        let end = self.clean[range.end..].find('\n');
        let end = end.map_or(self.clean.len(), |length| range.end + length);
        let before = self.reported.partition_point(|at| *at < end);
        match before.checked_sub(1).map(|at| self.reported[at]) {
            Some(at) => at >= range.start || !self.clean[at..range.start].contains('\n'),
            None => false,
        }
    }

    /// The brackets in a range, outside strings and comments.
    pub fn brackets(&self, range: Range<usize>) -> Vec<(usize, u8)> {
        let first = self.brackets.partition_point(|(at, _)| *at < range.start);
        let last = self.brackets.partition_point(|(at, _)| *at < range.end);
        self.brackets[first..last].to_vec()
    }

    /// The word, number, string or operator from a place on; empty where the line ends.
    pub fn token(&self, start: usize) -> Span {
        let text = &self.clean[start..];
        let blank = text.len() - text.trim_start_matches([' ', '\t']).len();
        let end_of_line = self.span(start..start);
        let (start, text) = (start + blank, &text[blank..]);
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let length = match text.chars().next() {
            None | Some('\n') => return end_of_line,
            Some(_) if text.starts_with("//") || text.starts_with('#') => return end_of_line,
            Some(c) if is_word(c) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
            Some(quote @ ('"' | '\'')) => text[1..]
                .find([quote, '\n'])
                .map_or(text.len(), |end| end + 2)
                .min(text.find('\n').unwrap_or(text.len())),
            Some(c) => OPERATORS
                .iter()
                .find(|op| text.starts_with(**op))
                .map_or(c.len_utf8(), |op| op.len()),
        };
        self.span(start..start + length)
    }

    /// Where the next line starts that holds more than a comment.
    pub fn next_line_start(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let rest = &self.clean[at..];
            at += rest.len() - rest.trim_start().len();
            let comment = self.comments.partition_point(|c| c.start < at);
            match self.comments.get(comment) {
                Some(c) if c.start == at => at = c.end,
                _ => return (at < self.clean.len()).then_some(at),
            }
        }
    }

    /// How many blanks the line of a place starts with.
    pub fn indent(&self, at: usize) -> usize {
        let line = &self.clean[self.clean[..at].rfind('\n').map_or(0, |end| end + 1)..];
        line.len() - line.trim_start_matches(' ').len()
    }

    /// The `///` lines above a place, with nothing but blanks and other comments between.
    pub fn doc(&self, start: usize) -> Option<String> {
        let mut lines = Vec::new();
        let mut from = start;
        let above = self.comments.partition_point(|c| c.end <= start);
        for comment in self.comments[..above].iter().rev() {
            if !self.clean[comment.end..from].trim().is_empty() {
                break;
            }
            from = comment.start;
            let line = self.clean[..from].rfind('\n').map_or(0, |at| at + 1);
            if !self.clean[line..from].trim().is_empty() {
                break;
            }
            match self.clean[comment.clone()].strip_prefix("///") {
                Some(doc) if !doc.starts_with('/') => {
                    lines.push(doc.strip_prefix(' ').unwrap_or(doc).trim_end());
                }
                _ => {}
            }
        }
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}
