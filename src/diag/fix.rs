//! Applies repairs to text.

use super::{Edit, Fix};

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

/// Whether two repairs change the same place, or places that follow each other at once: then only one of them can be
/// made, for the other is about a text that is no more.
pub fn touch(a: &Fix, b: &Fix) -> bool {
    let apart = |a: &Edit, b: &Edit| {
        a.span.file != b.span.file || a.span.end < b.span.start || b.span.end < a.span.start
    };
    a.edits.iter().any(|a| b.edits.iter().any(|b| !apart(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Applicability;
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

    #[test]
    fn repairs_touch_where_one_of_their_edits_does() {
        let fix = |ranges: &[(usize, usize)]| Fix {
            edits: ranges.iter().map(|&(a, b)| edit(a..b, "")).collect(),
            applicability: Applicability::Safe,
        };
        for (a, b, expected) in [
            (&[(0, 3)][..], &[(2, 4)][..], true),
            (&[(0, 3)], &[(3, 4)], true),
            (&[(5, 5)], &[(5, 5)], true),
            (&[(0, 3)], &[(4, 6)], false),
            (&[(0, 3), (9, 9)], &[(4, 6), (8, 12)], true),
        ] {
            assert_eq!(touch(&fix(a), &fix(b)), expected, "{a:?} {b:?}");
            assert_eq!(touch(&fix(b), &fix(a)), expected, "{b:?} {a:?}");
        }
    }
}
