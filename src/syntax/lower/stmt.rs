//! Bodies of models, losses and functions.

use super::{Lower, Parts};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover::{self, Place};
use pest::iterators::Pair;

impl Lower<'_> {
    /// What stands in braces. `of` is what they belong to, for the message when one is missing.
    pub(super) fn body(&mut self, pair: Pair<Rule>, of: &str) -> Vec<Stmt> {
        let mut stmts: Vec<Stmt> = Vec::new();
        let mut opened = None;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::comment | Rule::close_brace => {}
                Rule::open_brace => {
                    self.check_open(span);
                    opened = Some(span);
                }
                Rule::semicolon => self.semicolon(span),
                Rule::missing_close => self.report_missing_close(of, opened, span),
                Rule::junk_stmt => {
                    self.explain(Place::Stmt, span);
                    stmts.push(self.junk_stmt(span));
                }
                Rule::rest => {
                    if let Some(stmt) = stmts.last_mut() {
                        self.explain_rest(Place::Stmt, stmt.span, span);
                        recover::poison_stmt(stmt, span);
                    }
                }
                _ => stmts.push(self.stmt(part, span)),
            }
        }
        stmts
    }

    fn stmt(&mut self, pair: Pair<Rule>, span: Span) -> Stmt {
        let kind = match pair.as_rule() {
            Rule::input => self.input(pair),
            Rule::output => self.output(pair),
            Rule::owned => self.owned(pair),
            Rule::update => self.update(pair),
            Rule::init => self.init(pair),
            Rule::require => self.require(pair),
            Rule::return_ => self.return_(pair),
            Rule::bind => self.bind(pair),
            _ => None,
        };
        Stmt {
            doc: self.text.doc(span.start as usize),
            kind: kind.unwrap_or(StmtKind::Error),
            span,
        }
    }

    fn input(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let mut parts = Parts::of(pair);
        Some(StmtKind::Input {
            name: self.name(&parts.next_if(Rule::ident)?),
            ty: self.type_(parts.next_if(Rule::type_)?),
            default: parts.next_if(Rule::line_expr).map(|e| self.expr(e)),
        })
    }

    fn output(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let keyword = self.span(&pair);
        let keyword = self
            .text
            .span(keyword.start as usize..keyword.start as usize + "output".len());
        let mut parts = Parts::of(pair);
        if let Some(sign) = parts.next_if(Rule::set) {
            self.check_output_sign(keyword, &sign);
        }
        let name = parts
            .next_if(Rule::output_name)
            .map(|name| self.name(&name));
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(StmtKind::Output { name, value })
    }

    fn owned(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let mut parts = Parts::of(pair);
        let state = parts.next_if(Rule::kw_owned)?.as_str() == "state";
        let name = self.name(&parts.next_if(Rule::ident)?);
        let ty = self.type_(parts.next_if(Rule::type_)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(if state {
            StmtKind::State { name, ty, value }
        } else {
            StmtKind::Param { name, ty, value }
        })
    }

    fn update(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let mut parts = Parts::of(pair);
        let name = self.name(&parts.next_if(Rule::ident)?);
        let index = parts.next_if(Rule::index).map(|index| self.index(index).0);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(StmtKind::Update { name, index, value })
    }

    fn init(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let mut parts = Parts::of(pair);
        let of = self.name(&parts.next_if(Rule::ident)?);
        let role = parts.next_if(Rule::word).map(|word| self.name(&word));
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(StmtKind::Init { of, role, value })
    }

    fn require(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let mut parts = Parts::of(pair);
        let condition = self.expr(parts.next_if(Rule::line_expr)?);
        let message = parts.next_if(Rule::string).map(|s| self.string(&s));
        Some(StmtKind::Require { condition, message })
    }

    fn return_(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let mut parts = Parts::of(pair);
        self.check_return(&parts.next_if(Rule::kw_return)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some(StmtKind::Output { name: None, value })
    }

    fn bind(&mut self, pair: Pair<Rule>) -> Option<StmtKind> {
        let (pattern, value) = self.binding(pair)?;
        Some(StmtKind::Bind { pattern, value })
    }

    /// `pattern = value`, in a body or a data set's fields.
    pub(super) fn binding(&mut self, pair: Pair<Rule>) -> Option<(Pattern, Expr)> {
        let mut parts = Parts::of(pair);
        if let Some(word) = parts.next_if(Rule::kw_let) {
            self.check_let(&word);
        }
        let pattern = self.pattern(parts.next()?);
        self.check_assign(&parts.next_if(Rule::assign)?);
        let value = self.expr(parts.next_if(Rule::line_expr)?);
        Some((pattern, value))
    }
}
