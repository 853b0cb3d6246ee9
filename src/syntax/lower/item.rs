//! Items: what stands at the top of a file.

use super::{Lower, Parts};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover::{self, Place};
use pest::iterators::Pair;

impl Lower<'_> {
    /// Adds what the grammar read as the next item, from `base` on.
    pub(in crate::syntax) fn items(
        &mut self,
        next: Pair<Rule>,
        base: usize,
        items: &mut Vec<Item>,
    ) {
        self.base = base;
        for part in next.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::comment => {}
                Rule::semicolon => self.semicolon(span),
                Rule::stray_close => self.report_stray_close(span),
                Rule::junk_item => {
                    self.explain(Place::Item, span);
                    items.push(self.junk_item(span));
                }
                Rule::rest => {
                    if let Some(item) = items.last_mut() {
                        self.explain_rest(Place::Item, item.span, span);
                        recover::poison_item(item, span);
                    }
                }
                _ => items.push(self.item(part, span)),
            }
        }
    }

    fn item(&mut self, pair: Pair<Rule>, span: Span) -> Item {
        let kind = match pair.as_rule() {
            Rule::use_item => self.use_item(pair),
            Rule::import_item => self.import_item(pair),
            Rule::callable => self.callable(pair),
            Rule::data => self.data(pair),
            Rule::network => self.network(pair),
            Rule::tap => self.tap(pair),
            Rule::edge => self.edge(pair),
            Rule::train => self.train(pair),
            Rule::settings_item => self.settings_item(pair),
            Rule::output_item => self.output_item(pair),
            Rule::constant => self.constant(pair),
            _ => None,
        };
        Item {
            doc: self.text.doc(span.start as usize),
            kind: kind.unwrap_or(ItemKind::Error),
            span,
        }
    }

    fn network(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let role = match parts.next_if(Rule::kw_network)?.as_str() {
            "teacher" => Role::Teacher,
            _ => Role::Student,
        };
        let name = self.name(&parts.next_if(Rule::ident)?);
        if let Some(assign) = parts.next_if(Rule::assign) {
            self.check_assign(&assign);
        }
        let value = parts.next_if(Rule::line_expr).map(|e| self.expr(e));
        let from = parts.next_if(Rule::from).and_then(|from| self.from(from));
        Some(ItemKind::Network(Network {
            role,
            name,
            value,
            from,
        }))
    }

    fn from(&mut self, pair: Pair<Rule>) -> Option<From> {
        let mut parts = Parts::of(pair);
        if let Some(path) = parts.next_if(Rule::string) {
            let path = self.string(&path);
            if let Some(sign) = parts.next_if(Rule::path) {
                self.check_path(&sign);
            }
            let name = parts.next_if(Rule::ident).map(|name| self.name(&name));
            return Some(From::File { path, name });
        }
        let call = self.lone_operand(parts.next_if(Rule::line_operand_expr)?);
        if !matches!(call.kind, ExprKind::Call { .. } | ExprKind::Error) {
            self.report(
                Diagnostic::new(
                    Code::E0001,
                    "`from` is followed by a file's name or by a call",
                )
                .at(call.span, "neither")
                .help("write `from \"teacher.kd\"` or `from weights(\"model.pth\")`"),
            );
            return Some(From::Call(self.error(call.span)));
        }
        Some(From::Call(call))
    }

    fn tap(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(ItemKind::Tap(Binding { name, value }))
    }

    fn output_item(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        let network = self.name(&parts.next_if(Rule::ident)?);
        let output = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(ItemKind::Output(OutputItem {
            network,
            output,
            value,
        }))
    }

    fn constant(&mut self, pair: Pair<Rule>) -> Option<ItemKind> {
        let mut parts = Parts::of(pair);
        if let Some(word) = parts.next_if(Rule::kw_let) {
            self.check_let(&word);
        }
        let name = self.name(&parts.next_if(Rule::ident)?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(ItemKind::Constant(Binding { name, value }))
    }
}
