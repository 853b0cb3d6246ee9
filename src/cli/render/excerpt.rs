//! The lines around a place, cut to fit, as miette wants its source code.
//!
//! miette is never shown a whole file: it would copy lines of any length and search the file from its start
//! for every label.

use super::harmless;
use super::human::{prose, wrapping};
use crate::diag::Label;
use crate::source::{SourceFile, Sources};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::ops::Range;

/// Labels that are more lines apart than this do not share a snippet.
const NEAR: usize = 3;
/// What is shown before a label in a line that is cut.
const LEAD: usize = 24;

/// A few lines of one file, and the labels on them.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    /// 0-based, of the first line of `text`.
    first: usize,
    lines: usize,
    /// 0-based line and column of the first label.
    at: (usize, usize),
    pub labels: Vec<LabeledSpan>,
}

/// A label as bytes of one line.
struct Mark<'a> {
    label: &'a Label,
    line: usize,
    range: Range<usize>,
}

impl Excerpt {
    /// The lines around the first label with all the labels that are near it, and the labels that are not.
    /// No line is longer than `width` columns.
    pub fn new<'a>(
        sources: &Sources,
        labels: &'a [Label],
        width: usize,
    ) -> Option<(Excerpt, Vec<&'a Label>)> {
        let file = sources.get(labels.first()?.span.file);
        let (marks, mut far) = near(file, labels);
        let first = marks.iter().map(|m| m.line).min()?.saturating_sub(1);
        let mut last = marks.iter().map(|m| m.line).max()?;
        // An empty last line says nothing.
        if last + 1 < file.lines() && (last + 2 < file.lines() || !file.line(last + 1).is_empty()) {
            last += 1;
        }
        let at = file.position(labels[0].span.start as usize);
        let mut excerpt = Excerpt {
            name: harmless(&file.name),
            text: String::new(),
            first,
            lines: last - first + 1,
            at: (at.line - 1, at.column - 1),
            labels: Vec::new(),
        };
        for line in first..=last {
            let here = marks.iter().filter(|m| m.line == line).collect();
            far.extend(excerpt.push(file.line(line), here, width));
        }
        Some((excerpt, far))
    }

    /// Adds a line with its labels; gives back the labels of what had to be cut off.
    fn push<'a>(&mut self, line: &str, marks: Vec<&Mark<'a>>, width: usize) -> Vec<&'a Label> {
        let anchor = marks.first().map_or(0..0, |mark| mark.range.clone());
        let shown = window(line, &anchor, width);
        if shown.start > 0 {
            self.text.push('…');
        }
        let start = self.text.len();
        let mut lost = Vec::new();
        for mark in marks {
            let Range {
                start: from,
                end: to,
            } = mark.range;
            if from < shown.start || from > shown.end || (from == shown.end && from < to) {
                lost.push(mark.label);
                continue;
            }
            let offset = start + harmless(&line[shown.start..from]).len();
            let length = harmless(&line[from..to.min(shown.end)]).len();
            let text = wrapped(
                &mark.label.text,
                line[shown.start..from].chars().count(),
                width,
            );
            self.labels.push(LabeledSpan::new(text, offset, length));
        }
        self.text.push_str(&harmless(&line[shown.clone()]));
        if shown.end < line.len() {
            self.text.push('…');
        }
        self.text.push('\n');
        lost
    }
}

/// Splits the labels into those that share a snippet with the first and the others.
fn near<'a>(file: &SourceFile, labels: &'a [Label]) -> (Vec<Mark<'a>>, Vec<&'a Label>) {
    let (here, mut far): (Vec<&Label>, Vec<&Label>) =
        labels.iter().partition(|label| label.span.file == file.id);
    let mut here: Vec<Mark> = here.into_iter().map(|label| mark(file, label)).collect();
    let mut marks = vec![here.remove(0)];
    while let Some(next) = here.iter().position(|m| {
        marks
            .iter()
            .any(|known| known.line.abs_diff(m.line) <= NEAR)
    }) {
        marks.push(here.remove(next));
    }
    far.extend(here.into_iter().map(|mark| mark.label));
    (marks, far)
}

/// A label of several lines is shown on its first.
fn mark<'a>(file: &SourceFile, label: &'a Label) -> Mark<'a> {
    let Range { start, end } = label.span.range();
    let line = file.position(start).line - 1;
    let whole = file.line_range(line);
    let from = start.clamp(whole.start, whole.end) - whole.start;
    let to = end.clamp(whole.start + from, whole.end) - whole.start;
    Mark {
        label,
        line,
        range: from..to,
    }
}

/// The part of the line, at most `width` columns with the marks of omission, in which `anchor` can be seen.
pub fn window(line: &str, anchor: &Range<usize>, width: usize) -> Range<usize> {
    let room = width.saturating_sub(2).max(1);
    let forward = |from: usize, count: usize| {
        let mut rest = line[from..].char_indices();
        rest.nth(count).map_or(line.len(), |(at, _)| from + at)
    };
    let back = |from: usize, count: usize| {
        let before = line[..from].char_indices().rev().take(count);
        before.last().map_or(from, |(at, _)| at)
    };
    if forward(0, width) == line.len() {
        return 0..line.len();
    }
    let mut start = 0;
    if anchor.end > forward(0, room) {
        let lead = back(anchor.start, LEAD.min(room / 2));
        // Near the line's end there is room for more before the anchor.
        start = lead.min(back(line.len(), room));
    }
    start..forward(start, room)
}

/// The window's text with the marks of omission.
pub fn cut(line: &str, anchor: &Range<usize>, width: usize) -> String {
    let shown = window(line, anchor, width);
    let mark = |missing: bool| if missing { "…" } else { "" };
    let (before, after) = (mark(shown.start > 0), mark(shown.end < line.len()));
    format!("{before}{}{after}", &line[shown])
}

/// A label's text in lines that end within the width; none if it has no text.
fn wrapped(text: &str, column: usize, width: usize) -> Option<String> {
    let options = wrapping(width.saturating_sub(column + 4).max(32));
    (!text.is_empty()).then(|| textwrap::fill(&prose(text), options))
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // miette asks for no context when it wants the place for the header.
        let header = before == 0 && after == 0;
        let (line, column) = if header { self.at } else { (self.first, 0) };
        let whole = SourceSpan::from(0..self.text.len());
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            if header { *span } else { whole },
            line,
            column,
            self.lines,
        )))
    }
}
