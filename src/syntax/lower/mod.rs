//! From pest's pairs to the tree, construct by construct.
//!
//! The grammar guarantees the order of a rule's parts. Where a part is not there all the same, the
//! construct becomes an `Error` node: functions that return `Option` give none only then.

mod callable;
mod edge;
mod expr;
mod foreign;
mod import;
mod item;
mod literal;
mod operators;
mod options;
mod stmt;

use super::ast::*;
use super::grammar::Rule;
use super::lookalike;
use super::text::Text;
use crate::diag::Diagnostic;
use crate::source::Span;
use pest::iterators::{Pair, Pairs};

pub(super) struct Lower<'t> {
    pub(super) text: &'t Text<'t>,
    diagnostics: Vec<Diagnostic>,
    foreign: foreign::Seen,
    /// Where the text that the grammar was given starts.
    base: usize,
    /// Items have been found inside braces, whose `}` is still to come.
    pub(super) inner_items: bool,
}

impl<'t> Lower<'t> {
    pub fn new(text: &'t Text<'t>) -> Lower<'t> {
        Lower {
            text,
            diagnostics: Vec::new(),
            foreign: foreign::Seen::default(),
            base: 0,
            inner_items: false,
        }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// How much has been found to say of the text so far.
    pub fn said(&self) -> usize {
        self.diagnostics.len() + self.foreign.count()
    }

    /// Takes over what was found in the text behind.
    pub fn append(&mut self, next: Lower<'t>) {
        self.diagnostics.extend(next.diagnostics);
        self.foreign.append(next.foreign);
        self.inner_items = next.inner_items;
    }

    pub fn finish(mut self) -> Vec<Diagnostic> {
        self.report_semicolons();
        self.diagnostics
    }

    /// The place of a pair, without the blanks and comments that rules take at their end.
    fn span(&self, pair: &Pair<Rule>) -> Span {
        let range = pair.as_span();
        self.text.span(
            self.text
                .trimmed(self.base + range.start()..self.base + range.end()),
        )
    }

    fn name(&self, pair: &Pair<Rule>) -> Name {
        self.name_at(self.span(pair))
    }

    pub(super) fn name_at(&self, span: Span) -> Name {
        let text = self.text.of(span).trim_matches('`');
        let text = match text.is_ascii() {
            true => text.to_owned(),
            false => lookalike::word(text).unwrap_or_else(|| text.to_owned()),
        };
        Name { text, span }
    }

    fn error(&self, span: Span) -> Expr {
        Expr {
            kind: ExprKind::Error,
            span,
        }
    }
}

/// A rule's parts that carry meaning, in order.
struct Parts<'i>(std::iter::Peekable<Pairs<'i, Rule>>);

impl<'i> Parts<'i> {
    fn of(pair: Pair<'i, Rule>) -> Parts<'i> {
        Parts(pair.into_inner().peekable())
    }

    fn peek(&mut self) -> Option<Rule> {
        while let Some(next) = self.0.peek() {
            if !is_punctuation(next.as_rule()) {
                return Some(next.as_rule());
            }
            self.0.next();
        }
        None
    }

    /// The next part, if it is of the rule.
    fn next_if(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        (self.peek() == Some(rule)).then(|| self.0.next()).flatten()
    }
}

impl<'i> Iterator for Parts<'i> {
    type Item = Pair<'i, Rule>;

    fn next(&mut self) -> Option<Pair<'i, Rule>> {
        self.peek()?;
        self.0.next()
    }
}

fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::comment
            | Rule::comma
            | Rule::colon
            | Rule::dot
            | Rule::equals
            | Rule::knowledge
            | Rule::open_brace
            | Rule::close_brace
            | Rule::close_round
            | Rule::close_square
            | Rule::kw_as
            | Rule::kw_by
            | Rule::kw_data
            | Rule::kw_edge
            | Rule::kw_else
            | Rule::kw_for
            | Rule::kw_from
            | Rule::kw_if
            | Rule::kw_import
            | Rule::kw_in
            | Rule::kw_init
            | Rule::kw_input
            | Rule::kw_on
            | Rule::kw_output
            | Rule::kw_require
            | Rule::kw_settings
            | Rule::kw_tap
            | Rule::kw_train
            | Rule::kw_update
            | Rule::kw_use
            | Rule::kw_weight
            | Rule::EOI
    )
}
