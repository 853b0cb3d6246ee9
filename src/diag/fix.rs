//! Applies repairs to text.

use super::Edit;

/// The text with all edits made, or none if two of them overlap or one lies outside.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    // Stable: insertions at one place keep their order.
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        let range = edit.span.range();
        result.push_str(text.get(done..range.start)?);
        result.push_str(&edit.text);
        done = range.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn edit(range: std::ops::Range<usize>, text: &str) -> Edit {
        Edit {
            span: Span::new(FileId(0), range),
            text: text.into(),
        }
    }

    #[test]
    fn edits_may_come_in_any_order() {
        let edits = [edit(7..7, "!"), edit(0..3, "tap")];
        assert_eq!(apply("tip = x", &edits).as_deref(), Some("tap = x!"));
    }

    #[test]
    fn overlapping_edits_are_refused() {
        assert_eq!(apply("abcdef", &[edit(0..3, ""), edit(2..4, "")]), None);
        assert_eq!(apply("abc", &[edit(2..9, "")]), None);
    }
}
