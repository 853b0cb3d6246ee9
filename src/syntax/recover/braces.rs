//! Bodies that are never closed, and braces that close none.

use super::explain::first_word;
use super::{Place, STMT_WORDS};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::lower::Lower;

impl Lower<'_> {
    /// The braces opened at `opened`, of what is called `of`, end without `}` at `at`.
    pub(in crate::syntax) fn report_missing_close(
        &mut self,
        of: &str,
        opened: Option<Span>,
        at: Span,
    ) {
        let at = at.before();
        let item = self.text.next_line_start(at.start as usize);
        if let (Some(opened), Some(item)) = (opened, item)
            && self.text.indent(item) > self.text.indent(opened.start as usize)
        {
            return self.report_inner_item(of, opened, item);
        }
        let diagnostic = Diagnostic::new(Code::E0002, format!("the `{{` of {of} is never closed"))
            .at(at, "expected `}` by here");
        let diagnostic = match opened {
            Some(opened) => diagnostic.also(opened, "opened here"),
            None => diagnostic,
        };
        self.report(diagnostic.help("write `}` on a line of its own"));
    }

    /// An item that stands further in than the braces before it was meant to be inside them. Their `}`
    /// comes later, and is no mistake of its own.
    fn report_inner_item(&mut self, of: &str, opened: Span, item: usize) {
        self.inner_items = true;
        let keyword = self.text.token(item);
        let word = self.text.of(keyword).to_owned();
        self.report(
            Diagnostic::new(
                Code::E0001,
                format!("`{word}` stands at the top of a file, not inside {of}"),
            )
            .at(keyword, "inside braces")
            .also(opened, "opened here")
            .help(format!("move the `{word}` behind the `}}` of {of}")),
        );
    }

    /// A `{` on the line below what it belongs to.
    pub(in crate::syntax) fn check_open(&mut self, brace: Span) {
        let before = self.text.clean[..brace.start as usize].trim_end_matches([' ', '\n']);
        if !self.text.clean[before.len()..brace.start as usize].contains('\n') {
            return;
        }
        let head = self.text.trimmed(0..before.len());
        let head = self.text.span(head.end..head.end);
        let edit = |span, text: &str| Edit {
            span,
            text: text.to_owned(),
        };
        self.report(
            Diagnostic::new(Code::E0001, "`{` stands on the line of what it belongs to")
                .at(brace, "on a line of its own")
                .fix(
                    "move it up",
                    Applicability::Safe,
                    vec![edit(head, " {"), edit(brace, "")],
                ),
        );
    }

    pub(in crate::syntax) fn report_stray_close(&mut self, span: Span) {
        if std::mem::take(&mut self.inner_items) {
            return;
        }
        self.report(
            Diagnostic::new(Code::E0002, "`}` closes nothing")
                .at(span, "no brace is open here")
                .replace("remove it", span, ""),
        );
    }

    /// A statement behind an item inside a body, which is at the top of the file for the grammar.
    pub(super) fn follows_inner_item(&self, place: Place, junk: Span) -> bool {
        self.inner_items
            && place == Place::Item
            && STMT_WORDS.contains(&first_word(self.text.of(junk)))
    }
}
