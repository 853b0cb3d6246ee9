//! Operands: atoms and what follows them.

use super::operators::ChainHead;
use super::{Lower, Parts};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::MAX_HEIGHT;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use crate::syntax::recover::Place;
use pest::iterators::Pair;

/// An expression and its height in nodes, by which the tree's depth is bounded.
pub(super) struct Node {
    pub expr: Expr,
    pub height: usize,
}

/// The height of what is an error node because it was too high: all around it becomes one too.
pub(super) const POISON: usize = usize::MAX;

impl Lower<'_> {
    pub(super) fn expr(&mut self, pair: Pair<Rule>) -> Expr {
        self.chain(pair, ChainHead::Simple).expr
    }

    /// Makes a node over others, the highest of which is `below`.
    pub(super) fn node(&mut self, kind: ExprKind, span: Span, below: usize) -> Node {
        if below == POISON {
            return self.poisoned(span);
        }
        if below >= MAX_HEIGHT {
            self.report(
                Diagnostic::new(
                    Code::E0008,
                    format!("this expression is nested more than {MAX_HEIGHT} deep"),
                )
                .at(span, "too many operators within each other")
                .help("give parts of it names, on lines of their own"),
            );
            return self.poisoned(span);
        }
        Node {
            expr: Expr { kind, span },
            height: below + 1,
        }
    }

    pub(super) fn poisoned(&self, span: Span) -> Node {
        Node {
            expr: self.error(span),
            height: POISON,
        }
    }

    /// An atom and all calls, indices and members behind it.
    pub(super) fn operand(&mut self, atom: Pair<Rule>, parts: &mut Parts) -> Node {
        let mut node = self.atom(atom);
        while let Some(Rule::call | Rule::index | Rule::member) = parts.peek() {
            let Some(postfix) = parts.next() else { break };
            node = self.postfix(node, postfix);
        }
        node
    }

    /// The rule `line_operand_expr`: an operand that stands alone.
    pub(super) fn lone_operand(&mut self, pair: Pair<Rule>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        match parts.next() {
            Some(atom) => self.operand(atom, &mut parts).expr,
            None => self.error(span),
        }
    }

    fn atom(&mut self, pair: Pair<Rule>) -> Node {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::number => {
                let kind = self.number(pair.as_str(), span);
                self.node(kind, span, 0)
            }
            Rule::string => {
                let text = self.string(&pair).text;
                self.node(ExprKind::Str(text), span, 0)
            }
            Rule::literal => {
                let kind = match pair.as_str() {
                    "true" => ExprKind::Bool(true),
                    "false" => ExprKind::Bool(false),
                    _ => ExprKind::None,
                };
                self.node(kind, span, 0)
            }
            Rule::ident => {
                let kind = self.variable(span);
                self.node(kind, span, 0)
            }
            Rule::group => self.group(pair, span),
            Rule::list => {
                let (items, below) = self.elements(pair);
                self.node(ExprKind::List(items), span, below)
            }
            Rule::if_expr => self.if_expr(pair, span),
            Rule::for_expr => self.for_expr(pair, span),
            _ => self.poisoned(span),
        }
    }

    /// `(e)`, or a tuple when there is a comma or nothing.
    fn group(&mut self, pair: Pair<Rule>, span: Span) -> Node {
        let comma = pair
            .clone()
            .into_inner()
            .any(|p| p.as_rule() == Rule::comma);
        let (mut items, below) = self.elements(pair);
        let kind = match items.pop() {
            Some(only) if items.is_empty() && !comma => ExprKind::Paren(Box::new(only)),
            last => {
                items.extend(last);
                ExprKind::Tuple(items)
            }
        };
        self.node(kind, span, below)
    }

    fn elements(&mut self, pair: Pair<Rule>) -> (Vec<Expr>, usize) {
        let mut below = 0;
        let mut items = Vec::new();
        for part in Parts::of(pair) {
            let node = match part.as_rule() {
                Rule::junk_part => self.junk_part(&part),
                _ => self.chain(part, ChainHead::Simple),
            };
            below = below.max(node.height);
            items.push(node.expr);
        }
        (items, below)
    }

    fn junk_part(&mut self, pair: &Pair<Rule>) -> Node {
        let span = self.span(pair);
        self.explain(Place::Part, span);
        Node {
            expr: self.error(span),
            height: 1,
        }
    }

    fn if_expr(&mut self, pair: Pair<Rule>, span: Span) -> Node {
        let mut nodes: Vec<Node> = Vec::new();
        for part in Parts::of(pair) {
            let node = match part.as_rule() {
                Rule::block => self.block(part),
                _ => self.chain(part, ChainHead::Simple),
            };
            nodes.push(node);
        }
        // condition, block, condition, block, …, block: folded from the last `else`.
        let Some(mut otherwise) = nodes.pop() else {
            return self.poisoned(span);
        };
        while let (Some(then), Some(condition)) = (nodes.pop(), nodes.pop()) {
            let below = otherwise.height.max(then.height).max(condition.height);
            let from = if nodes.is_empty() {
                span
            } else {
                condition.expr.span.to(span.after())
            };
            let kind = ExprKind::If {
                condition: Box::new(condition.expr),
                then: Box::new(then.expr),
                otherwise: Box::new(otherwise.expr),
            };
            otherwise = self.node(kind, from, below);
        }
        otherwise
    }

    fn block(&mut self, pair: Pair<Rule>) -> Node {
        let span = self.span(&pair);
        match Parts::of(pair).next_if(Rule::expr) {
            Some(expr) => self.chain(expr, ChainHead::Simple),
            None => self.poisoned(span),
        }
    }

    fn for_expr(&mut self, pair: Pair<Rule>, span: Span) -> Node {
        let mut parts = Parts::of(pair);
        let (Some(pattern), Some(iterable), Some(body)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return self.poisoned(span);
        };
        let pattern = self.pattern(pattern);
        let iterable = self.chain(iterable, ChainHead::Simple);
        let body = self.block(body);
        let below = iterable.height.max(body.height);
        let kind = ExprKind::For {
            pattern,
            iterable: Box::new(iterable.expr),
            body: Box::new(body.expr),
        };
        self.node(kind, span, below)
    }

    fn postfix(&mut self, base: Node, pair: Pair<Rule>) -> Node {
        let here = self.span(&pair);
        let span = base.expr.span.to(here);
        let boxed = Box::new(base.expr);
        let (kind, below) = match pair.as_rule() {
            Rule::call => {
                let (args, below) = self.args(pair);
                let callee = boxed;
                (ExprKind::Call { callee, args }, below)
            }
            Rule::index => {
                let (index, below) = self.index(pair);
                (ExprKind::Index { base: boxed, index }, below)
            }
            _ => (self.member(boxed, pair), 0),
        };
        self.node(kind, span, below.max(base.height))
    }

    fn args(&mut self, pair: Pair<Rule>) -> (Vec<Arg>, usize) {
        let mut below = 0;
        let mut args = Vec::new();
        for arg in Parts::of(pair) {
            let mut parts = Parts::of(arg);
            let name = parts.next_if(Rule::ident).map(|name| self.name(&name));
            if let (Some(name), Some(set)) = (&name, parts.next_if(Rule::set)) {
                self.check_set(name, &set);
            }
            let Some(part) = parts.next() else { continue };
            let value = match part.as_rule() {
                Rule::junk_part => {
                    let span = self.span(&part);
                    self.explain(Place::Arg, span);
                    Node {
                        expr: self.error(span),
                        height: 1,
                    }
                }
                _ => self.chain(part, ChainHead::Simple),
            };
            below = below.max(value.height);
            args.push(Arg {
                name,
                value: value.expr,
            });
        }
        (args, below)
    }

    pub(super) fn index(&mut self, pair: Pair<Rule>) -> (Vec<Index>, usize) {
        let mut below = 0;
        let mut index = Vec::new();
        for part in Parts::of(pair) {
            let mut parts = Parts::of(part);
            let mut bound = |lower: &mut Self, parts: &mut Parts| {
                let node = lower.chain(parts.next_if(Rule::expr)?, ChainHead::Simple);
                below = below.max(node.height);
                Some(node.expr)
            };
            let from = bound(self, &mut parts);
            let slice = parts.next_if(Rule::slice).is_some();
            match from {
                Some(at) if !slice => index.push(Index::At(at)),
                from => {
                    let to = bound(self, &mut parts);
                    index.push(Index::Slice(from, to));
                }
            }
        }
        (index, below)
    }

    fn member(&mut self, base: Box<Expr>, pair: Pair<Rule>) -> ExprKind {
        let whole = self.span(&pair);
        match Parts::of(pair).next() {
            Some(word) if word.as_rule() == Rule::word => ExprKind::Member {
                base,
                name: self.name(&word),
            },
            Some(steps) => self.numbered_member(base, whole, self.span(&steps)),
            None => ExprKind::Error,
        }
    }

    // ---- Types and patterns ----

    pub(super) fn type_(&mut self, pair: Pair<Rule>) -> Type {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = parts.next_if(Rule::type_name).map(|name| self.name(&name));
        let args = match parts.next_if(Rule::type_args) {
            Some(args) => self.elements(args).0,
            None => Vec::new(),
        };
        let round = parts.next_if(Rule::round_shape);
        let shape = parts.next_if(Rule::shape).or(round);
        let shape = shape.map(|shape| self.shape(shape));
        Type {
            name,
            args,
            shape,
            span,
        }
    }

    fn shape(&mut self, pair: Pair<Rule>) -> Shape {
        let span = self.span(&pair);
        if pair.as_rule() == Rule::round_shape {
            self.report_round_shape(span);
        }
        let mut dims = Vec::new();
        for part in Parts::of(pair) {
            match part.as_rule() {
                Rule::rest_dim => {
                    let name = Parts::of(part).next_if(Rule::ident);
                    dims.extend(name.map(|name| Dim::Rest(self.name(&name))));
                }
                _ => dims.push(Dim::Expr(self.expr(part))),
            }
        }
        Shape { dims, span }
    }

    pub(super) fn pattern(&mut self, pair: Pair<Rule>) -> Pattern {
        let span = self.span(&pair);
        let bare = pair.as_rule() == Rule::bare_pattern;
        let bracketed = bare || pair.as_str().starts_with('(');
        let mut names: Vec<Name> = Parts::of(pair).map(|name| self.name(&name)).collect();
        if bare {
            self.report_bare_pattern(span);
        }
        match names.pop() {
            Some(only) if !bracketed => Pattern::Name(only),
            last => {
                names.extend(last);
                Pattern::Tuple(names, span)
            }
        }
    }
}
