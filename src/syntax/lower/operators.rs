//! Chains and operators: the flat list of an expression's parts becomes a tree.
//!
//! Loosest first: `->`, `or`, `and`, `not`, comparisons, `+ -`, `* / % @`, unary `-`, `^`. All group to
//! the left but `^`; comparisons do not group. Nothing here recurses, however long the list.

use super::expr::{Node, POISON};
use super::{Lower, Parts};
use crate::diag::{Applicability, Code, Diagnostic, Edit};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

/// Whether `a or b -> f` may stand without brackets: it reads well in `data`, where `or` chooses a source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainHead {
    Simple,
    Choice,
}

enum Token {
    Prefix(UnaryOp, Span),
    Operand(Node),
    Infix(BinaryOp, Span),
}

/// What stands between two arrows.
#[derive(Default)]
struct Segment {
    tokens: Vec<Token>,
    label: Option<Name>,
}

/// An operator that waits for its right operand.
enum Pending {
    Prefix(UnaryOp, Span),
    Infix(BinaryOp, Span),
}

impl Pending {
    fn precedence(&self) -> u8 {
        match self {
            Pending::Prefix(UnaryOp::Not, _) => NOT,
            Pending::Prefix(UnaryOp::Neg, _) => NEG,
            Pending::Infix(op, _) => precedence(*op),
        }
    }
}

const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const NEG: u8 = 7;

fn precedence(op: BinaryOp) -> u8 {
    use BinaryOp::*;
    match op {
        Or => 1,
        And => 2,
        Eq | Ne | Le | Ge | Lt | Gt => COMPARISON,
        Add | Sub => 5,
        Mul | Div | Rem | MatMul => 6,
        Pow => 8,
    }
}

impl Lower<'_> {
    pub(super) fn chain(&mut self, pair: Pair<Rule>, head: ChainHead) -> Node {
        let whole = self.span(&pair);
        let segments = self.segments(pair);
        let mut segments = segments.into_iter();
        let Some(first) = segments.next() else {
            return self.poisoned(whole);
        };
        let steps: Vec<Segment> = segments.collect();
        if let Some(label) = &first.label {
            self.report(
                Diagnostic::new(
                    Code::E0001,
                    "only a step after `->` can be given a name by `as`",
                )
                .at(label.span, "not a step")
                .help(format!(
                    "to name a value, write `{} = …` on a line of its own",
                    label.text
                )),
            );
        }
        if steps.is_empty() {
            return self.tree(first.tokens, whole);
        }
        self.bracketed_chain(first, steps, head, whole)
    }

    fn bracketed_chain(
        &mut self,
        first: Segment,
        steps: Vec<Segment>,
        allowed: ChainHead,
        whole: Span,
    ) -> Node {
        let operator = first.infix(allowed);
        let mut head = self.tree(first.tokens, whole);
        if let Some((op, op_span)) = operator {
            let span = head.expr.span;
            self.report(bracket_head(op, op_span, span));
            if head.height != POISON {
                head = self.node(ExprKind::Paren(Box::new(head.expr)), span, head.height);
            }
        }
        let mut below = head.height;
        let mut lowered = Vec::with_capacity(steps.len());
        let last = steps.len() - 1;
        for (number, step) in steps.into_iter().enumerate() {
            if let Some((op, op_span)) = step.operator() {
                let end = step.first_end();
                let fixable =
                    number == last && matches!(step.tokens.first(), Some(Token::Operand(_)));
                self.report(bracket_step(
                    op,
                    op_span,
                    head.expr.span,
                    end.filter(|_| fixable),
                ));
                return self.poisoned(whole);
            }
            let layer = self.tree(step.tokens, whole);
            below = below.max(layer.height);
            lowered.push(Step {
                layer: layer.expr,
                label: step.label,
            });
        }
        let kind = ExprKind::Chain {
            head: Box::new(head.expr),
            steps: lowered,
        };
        self.node(kind, whole, below)
    }

    /// The parts between arrows, with every operand lowered.
    fn segments(&mut self, pair: Pair<Rule>) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut current = Segment::default();
        let mut parts = Parts::of(pair);
        while let Some(part) = parts.next() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::operator => match self.operator(part.as_str(), span) {
                    Some(op) => current.tokens.push(Token::Infix(op, span)),
                    None => segments.push(std::mem::take(&mut current)),
                },
                Rule::prefix => {
                    let op = self.prefix(part.as_str(), span);
                    current.tokens.push(Token::Prefix(op, span));
                }
                Rule::label => {
                    current.label = Parts::of(part)
                        .next_if(Rule::ident)
                        .map(|name| self.name(&name));
                }
                _ => {
                    let operand = self.operand(part, &mut parts);
                    current.tokens.push(Token::Operand(operand));
                }
            }
        }
        segments.push(current);
        segments
    }

    /// Dijkstra's shunting yard.
    fn tree(&mut self, tokens: Vec<Token>, whole: Span) -> Node {
        let mut operands: Vec<Node> = Vec::new();
        let mut pending: Vec<Pending> = Vec::new();
        for token in tokens {
            match token {
                Token::Operand(node) => operands.push(node),
                Token::Prefix(op, span) => {
                    if op == UnaryOp::Not && pending.last().is_some_and(|p| p.precedence() > NOT) {
                        self.report(
                            Diagnostic::new(
                                Code::E0001,
                                "`not` binds more loosely than the operator before it",
                            )
                            .at(span, "needs brackets")
                            .help("write `(not …)`"),
                        );
                    }
                    pending.push(Pending::Prefix(op, span));
                }
                Token::Infix(op, span) => {
                    self.report_chained_comparison(op, span, &pending);
                    while pending.last().is_some_and(|before| goes_first(before, op)) {
                        self.apply(&mut operands, &mut pending);
                    }
                    pending.push(Pending::Infix(op, span));
                }
            }
        }
        while !pending.is_empty() {
            self.apply(&mut operands, &mut pending);
        }
        operands.pop().unwrap_or_else(|| self.poisoned(whole))
    }

    /// Gives the last pending operator its operands.
    fn apply(&mut self, operands: &mut Vec<Node>, pending: &mut Vec<Pending>) {
        let (Some(operator), Some(right)) = (pending.pop(), operands.pop()) else {
            return;
        };
        let node = match operator {
            Pending::Prefix(op, span) => {
                let span = span.to(right.expr.span);
                let operand = Box::new(right.expr);
                self.node(ExprKind::Unary { op, operand }, span, right.height)
            }
            Pending::Infix(op, op_span) => {
                let Some(left) = operands.pop() else {
                    return operands.push(right);
                };
                let span = left.expr.span.to(right.expr.span);
                let kind = ExprKind::Binary {
                    op,
                    op_span,
                    left: Box::new(left.expr),
                    right: Box::new(right.expr),
                };
                self.node(kind, span, left.height.max(right.height))
            }
        };
        operands.push(node);
    }

    fn report_chained_comparison(&mut self, op: BinaryOp, span: Span, pending: &[Pending]) {
        if precedence(op) != COMPARISON {
            return;
        }
        let before = pending
            .iter()
            .rev()
            .take_while(|p| p.precedence() >= COMPARISON)
            .find(|p| p.precedence() == COMPARISON);
        if let Some(Pending::Infix(_, first)) = before {
            self.report(
                Diagnostic::new(Code::E0001, "comparisons cannot follow each other")
                    .at(span, "a second comparison")
                    .also(*first, "the first")
                    .help("write `a < b and b < c`"),
            );
        }
    }
}

fn goes_first(before: &Pending, op: BinaryOp) -> bool {
    let (before, op_precedence) = (before.precedence(), precedence(op));
    before > op_precedence || before == op_precedence && op != BinaryOp::Pow
}

impl Segment {
    /// An operator that a chain's head may not have without brackets.
    fn infix(&self, allowed: ChainHead) -> Option<(&'static str, Span)> {
        self.tokens.iter().find_map(|token| match token {
            Token::Infix(BinaryOp::Or, _) if allowed == ChainHead::Choice => None,
            Token::Infix(op, span) => Some((op.symbol(), *span)),
            _ => None,
        })
    }

    /// Any operator.
    fn operator(&self) -> Option<(&'static str, Span)> {
        self.tokens.iter().find_map(|token| match token {
            Token::Infix(op, span) => Some((op.symbol(), *span)),
            Token::Prefix(UnaryOp::Neg, span) => Some(("-", *span)),
            Token::Prefix(UnaryOp::Not, span) => Some(("not", *span)),
            Token::Operand(_) => None,
        })
    }

    /// Where the step itself ends, before any operator.
    fn first_end(&self) -> Option<Span> {
        self.tokens.iter().find_map(|token| match token {
            Token::Operand(node) => Some(node.expr.span.after()),
            _ => None,
        })
    }
}

fn brackets(span: Span) -> Vec<Edit> {
    let edit = |span, text: &str| Edit {
        span,
        text: text.to_owned(),
    };
    vec![edit(span.before(), "("), edit(span.after(), ")")]
}

fn bracket_head(op: &str, op_span: Span, head: Span) -> Diagnostic {
    Diagnostic::new(
        Code::E0004,
        format!("what flows into a chain needs brackets when it is made by `{op}`"),
    )
    .at(op_span, format!("is it `{op}` or `->` that comes first"))
    .fix(
        "put brackets around all that flows on",
        Applicability::Safe,
        brackets(head),
    )
}

fn bracket_step(op: &str, op_span: Span, head: Span, end: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::E0004,
        format!("`{op}` after a step needs brackets, so that it is clear what it belongs to"),
    )
    .at(op_span, "after a step of a chain");
    match end {
        Some(end) => diagnostic.fix(
            "put brackets around the chain",
            Applicability::Safe,
            brackets(head.to(end)),
        ),
        None => diagnostic.help("write `(x -> f) + y`, or give the chain a name first"),
    }
}
