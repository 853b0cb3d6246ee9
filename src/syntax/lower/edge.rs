//! Edges, and the ways in which their arrow, `by` and weight are mistaken.

use super::{Lower, Parts};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover;
use pest::iterators::Pair;

impl Lower<'_> {
    pub(super) fn edge(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = parts
            .next_if(Rule::edge_name)
            .and_then(|name| Parts::of(name).next())
            .map(|name| self.name(&name));
        let mut source = self.expr(parts.next_if(Rule::line_expr)?);
        let target = parts
            .next_if(Rule::target)
            .and_then(|t| Parts::of(t).next());
        let target = match target {
            Some(target) => self.expr(target),
            None => self.missing_knowledge(&mut source, span),
        };
        let loss = parts.next()?;
        let bare = loss.as_rule() == Rule::bare_loss;
        let loss = Parts::of(loss).next()?;
        let loss = self.lone_operand(loss);
        if bare {
            self.report_missing_by(loss.span);
        }
        let weight = parts.next_if(Rule::weight).and_then(|w| self.weight(w));
        Some(ItemKind::Edge(Edge {
            name,
            source,
            target,
            loss,
            weight,
        }))
    }

    /// `edge a -> b by f`: the last arrow was meant to be `~>`.
    fn missing_knowledge(&mut self, source: &mut Expr, edge: Span) -> Expr {
        let whole = source.span;
        let error = self.error(whole);
        if let ExprKind::Chain { head, steps } = &mut source.kind
            && let Some(last) = steps.pop()
        {
            let before = steps.last().map_or(head.span, |step| {
                step.label
                    .as_ref()
                    .map_or(step.layer.span, |label| label.span)
            });
            let arrow = self.arrow_between(before, last.layer.span);
            if steps.is_empty() {
                *source = std::mem::replace(head, error);
            } else {
                source.span = whole.before().to(before);
            }
            self.report(
                Diagnostic::new(
                    Code::E0001,
                    "in an edge, knowledge flows along `~>`, not `->`",
                )
                .at(arrow, "`~>` is meant")
                .replace("write `~>`", arrow, "~>"),
            );
            return last.layer;
        }
        self.report(
            Diagnostic::new(
                Code::E0001,
                "this edge has no `~>` between its source and its target",
            )
            .at(edge, "expected `~>`")
            .help(recover::EDGE_EXAMPLE),
        );
        *source = error.clone();
        error
    }

    /// The arrow between two parts of a chain, with anything but comments around it.
    fn arrow_between(&self, before: Span, after: Span) -> Span {
        let between = self.text.trimmed(before.end as usize..after.start as usize);
        let arrow = self.text.clean[between.clone()].rfind("->").or_else(|| {
            self.text.clean[between.clone()]
                .rfind(['>'])
                .map(|at| at - 1)
        });
        match arrow {
            Some(at) => self.text.span(between.start + at..between.start + at + 2),
            None => after.before(),
        }
    }

    fn report_missing_by(&mut self, loss: Span) {
        self.report(
            Diagnostic::new(Code::E0001, "expected `by` before an edge's loss")
                .at(loss, "expected `by`")
                .fix(
                    "write `by` before the loss",
                    Applicability::Safe,
                    vec![Edit {
                        span: loss.before(),
                        text: "by ".to_owned(),
                    }],
                ),
        );
    }

    fn weight(&mut self, pair: Pair<Rule>) -> Option<Expr> {
        let start = self.span(&pair).start as usize;
        let keyword = self.text.span(start..start + "weight".len());
        let mut parts = Parts::of(pair);
        if let Some(sign) = parts.next_if(Rule::set) {
            self.report_weight_sign(keyword, &sign);
        }
        Some(self.expr(parts.next_if(Rule::line_expr)?))
    }

    fn report_weight_sign(&mut self, keyword: Span, sign: &Pair<Rule>) {
        let span = self.span(sign);
        let message = format!(
            "`weight` is followed by the number, without `{}`",
            sign.as_str()
        );
        self.report(
            Diagnostic::new(Code::E0005, message)
                .at(span, "not needed")
                .replace(
                    "leave it out",
                    keyword.after().to(span),
                    self.blank_unless(span),
                ),
        );
    }
}
