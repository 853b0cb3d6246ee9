//! What the lines look like after a repair.

use super::{excerpt, harmless};
use crate::diag::{Edit, Fix, fix};
use crate::source::{FileId, SourceFile, Sources, Span};

/// More lines than this are not shown.
const LINES: usize = 8;

/// The lines to write, without the indentation that they share, each at most `width` columns long.
pub fn lines(fix: &Fix, sources: &Sources, home: Option<FileId>, width: usize) -> Vec<String> {
    let mut result = Vec::new();
    for group in groups(fix, sources) {
        let file = sources.get(group[0].span.file);
        let after = rewritten(file, &group, width);
        if home.is_some_and(|home| home != file.id) && !after.is_empty() {
            result.push(format!("in {}:", harmless(&file.name)));
        }
        result.extend(after);
    }
    if result.len() > LINES {
        result.truncate(LINES);
        result.push("…".into());
    }
    result
}

/// Edits of one file that touch the same or neighbouring lines belong together.
fn groups<'a>(fix: &'a Fix, sources: &Sources) -> Vec<Vec<&'a Edit>> {
    let mut edits: Vec<&Edit> = fix.edits.iter().collect();
    edits.sort_by_key(|edit| edit.span);
    let lines = |span: Span| {
        let file = sources.get(span.file);
        let line = |at: u32| file.position(at as usize).line;
        line(span.start)..=line(span.end)
    };
    let mut groups: Vec<Vec<&Edit>> = Vec::new();
    for edit in edits {
        match groups.last_mut() {
            Some(group)
                if group.iter().any(|known| {
                    known.span.file == edit.span.file
                        && *lines(edit.span).start() <= *lines(known.span).end() + 1
                }) =>
            {
                group.push(edit);
            }
            _ => groups.push(vec![edit]),
        }
    }
    groups
}

/// The lines that the edits touch, after them; blank ones left out.
fn rewritten(file: &SourceFile, edits: &[&Edit], width: usize) -> Vec<String> {
    // What takes a line away with its end does not touch the next.
    let last = |span: Span| match file.text[span.range()].ends_with('\n') {
        true => span.end - 1,
        false => span.end,
    };
    let ends = edits.iter().flat_map(|e| [e.span.start, last(e.span)]);
    let lines: Vec<usize> = ends.map(|at| file.position(at as usize).line - 1).collect();
    let start = lines
        .iter()
        .min()
        .map_or(0, |&line| file.line_range(line).start);
    let end = lines
        .iter()
        .max()
        .map_or(0, |&line| file.line_range(line).end);
    let edits: Vec<Edit> = edits.iter().map(|edit| shifted(edit, start, end)).collect();
    let before = &file.text[start..end];
    let Some(after) = fix::apply(before, &edits) else {
        return Vec::new();
    };
    let (before, after) = (shown(before), shown(&after));
    let (mut before, after) = (before.lines(), unblank(&after));
    let indent = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let shared = after.iter().map(indent).min().unwrap_or(0);
    after
        .iter()
        .map(|line| {
            let change = same(line, before.next().unwrap_or_default()).saturating_sub(shared);
            let line = line[shared..].trim_end();
            let change = change.min(line.len());
            excerpt::cut(line, &(change..change + 1), width)
        })
        .collect()
}

fn shown(text: &str) -> String {
    harmless(&text.replace('\r', "")).replace('\t', "    ")
}

fn unblank(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// How many bytes two lines have in common at their start.
fn same(a: &str, b: &str) -> usize {
    let pairs = a.char_indices().zip(b.chars());
    let mut different = pairs.filter(|((_, a), b)| a != b);
    different
        .next()
        .map_or(a.len().min(b.len()), |((at, _), _)| at)
}

fn shifted(edit: &Edit, start: usize, end: usize) -> Edit {
    let range = edit.span.range();
    Edit {
        span: Span::new(
            edit.span.file,
            range.start - start..range.end.min(end) - start,
        ),
        text: edit.text.clone(),
    }
}
