//! Expressions: one function per construct.

use super::chain::in_a_row;
use super::{Elaborator, Frame};
use crate::diag::{Code, Diagnostic};
use crate::program::number::Number;
use crate::program::value::{Layer, Value};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Pattern, UnaryOp};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    /// The value of an expression.
    pub fn expression(&mut self, frame: &mut Frame, expr: &Expr) -> Value {
        if !self.spend(expr.span) {
            return Value::Poison;
        }
        match &expr.kind {
            ExprKind::Int(n) => Value::int(*n),
            ExprKind::Float(x) => Value::Number(Number::Float(*x)),
            ExprKind::Str(text) => Value::Str(text.as_str().into()),
            ExprKind::Bool(b) => Value::Bool(Some(*b)),
            ExprKind::None => Value::None,
            ExprKind::Name(name) => self.name(frame, name, expr.span),
            ExprKind::Paren(inner) => self.bracketed(frame, inner),
            ExprKind::Tuple(values) => Value::Tuple(self.expressions(frame, values)),
            ExprKind::List(values) => Value::List(self.expressions(frame, values)),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.choice(frame, condition, then, otherwise),
            ExprKind::For {
                pattern,
                iterable,
                body,
            } => self.repetition(frame, pattern, iterable, body, expr.span),
            ExprKind::Call { callee, args } => self.call_expression(frame, expr, callee, args),
            ExprKind::Index { base, index } => self.index(frame, base, index, expr.span),
            ExprKind::Member { base, name } => self.member(frame, base, name, expr.span),
            ExprKind::Unary { op, operand } => self.unary(frame, *op, operand, expr.span),
            ExprKind::Binary {
                op,
                op_span,
                left,
                right,
            } => self.binary(frame, *op, *op_span, left, right, expr.span),
            ExprKind::Chain { head, steps } => self.chain(frame, head, steps),
            ExprKind::Error => Value::Poison,
        }
    }

    fn expressions(&mut self, frame: &mut Frame, values: &[Expr]) -> Rc<Vec<Value>> {
        Rc::new(values.iter().map(|v| self.expression(frame, v)).collect())
    }

    /// Brackets around a chain of layers make it one step.
    fn bracketed(&mut self, frame: &mut Frame, inner: &Expr) -> Value {
        match self.expression(frame, inner) {
            Value::Layer(layer) => match &*layer {
                Layer::Chain { steps, .. } => Value::Layer(Rc::new(Layer::Chain {
                    steps: steps.clone(),
                    nested: true,
                })),
                _ => Value::Layer(layer),
            },
            other => other,
        }
    }

    fn choice(
        &mut self,
        frame: &mut Frame,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
    ) -> Value {
        match self.expression(frame, condition) {
            Value::Bool(Some(true)) => self.expression(frame, then),
            Value::Bool(Some(false)) => self.expression(frame, otherwise),
            Value::Bool(None) if !self.checking_alone => {
                let message =
                    "`if` chooses when the file is compiled, but this is known only in the run";
                let diagnostic = Diagnostic::new(Code::E0204, message);
                self.poison(diagnostic.at(condition.span, "changes in the run"))
            }
            Value::Bool(None) => {
                let (a, b) = (
                    self.expression(frame, then),
                    self.expression(frame, otherwise),
                );
                self.either(a, b)
            }
            Value::Poison => Value::Poison,
            Value::Tensor(_) => {
                let diagnostic = Diagnostic::new(
                    Code::E0204,
                    "`if` chooses when the file is compiled, but this is a tensor",
                )
                .at(condition.span, "known only in the run")
                .help("choose element by element: `where(condition, a, b)`");
                self.poison(diagnostic)
            }
            other => self.wrong_kind(&other, condition.span, "`if` needs a truth value"),
        }
    }

    /// Where whoever uses the model decides: what both branches agree on.
    fn either(&mut self, a: Value, b: Value) -> Value {
        match (a, b) {
            (Value::Tensor(a), Value::Tensor(b)) => {
                let (left, right) = (&self.graph.tensor(a).shape, &self.graph.tensor(b).shape);
                if left.differs(right) {
                    Value::Poison
                } else {
                    Value::Tensor(a)
                }
            }
            (Value::Number(_), Value::Number(_)) => Value::Number(Number::Unknown),
            (Value::Bool(_), Value::Bool(_)) => Value::Bool(None),
            _ => Value::Poison,
        }
    }

    /// `for` gives the list of its bodies' values; of layers, the layers in a row.
    fn repetition(
        &mut self,
        frame: &mut Frame,
        pattern: &Pattern,
        iterable: &Expr,
        body: &Expr,
        span: Span,
    ) -> Value {
        let list = self.expression(frame, iterable);
        let Some(elements) = list.elements() else {
            return match list {
                Value::Poison | Value::Number(Number::Unknown) => Value::Poison,
                other => self.wrong_kind(&other, iterable.span, "`for` runs over a list"),
            };
        };
        let mut values = Vec::new();
        for element in elements.iter().cloned() {
            let outer = frame.locals.len();
            self.bind_pattern(frame, pattern, element, span);
            values.push(self.expression(frame, body));
            frame.locals.truncate(outer);
            if self.fuel == 0 {
                return Value::Poison;
            }
        }
        if values.iter().any(Value::is_poison) {
            return Value::Poison;
        }
        if !values.is_empty() && values.iter().all(|v| matches!(v, Value::Layer(_))) {
            return in_a_row(values.into_iter().map(|v| (v, None, span)).collect());
        }
        Value::List(Rc::new(values))
    }

    /// Binds the names of a pattern to a value, or its elements.
    pub fn bind_pattern(&mut self, frame: &mut Frame, pattern: &Pattern, value: Value, span: Span) {
        match pattern {
            Pattern::Name(name) => frame.bind(&name.text, value, name.span),
            Pattern::Tuple(names, place) => {
                let parts = match &value {
                    Value::Record(instance) => {
                        Some(instance.outputs.iter().map(|(_, v)| v.clone()).collect())
                    }
                    other => other.elements().map(<[Value]>::to_vec),
                };
                let parts: Vec<Value> = match parts {
                    Some(parts) if parts.len() == names.len() => parts,
                    Some(parts) => {
                        let message = format!("{} names for {} values", names.len(), parts.len());
                        self.report(
                            Diagnostic::new(Code::E0204, message)
                                .at(*place, format!("takes {}", names.len()))
                                .also(span, format!("gives {}", parts.len())),
                        );
                        vec![Value::Poison; names.len()]
                    }
                    None => {
                        if !value.is_poison() {
                            self.wrong_kind(&value, span, "several names need a tuple or list");
                        }
                        vec![Value::Poison; names.len()]
                    }
                };
                for (name, part) in names.iter().zip(parts) {
                    frame.bind(&name.text, part, name.span);
                }
            }
        }
    }

    fn unary(&mut self, frame: &mut Frame, op: UnaryOp, operand: &Expr, span: Span) -> Value {
        match (op, self.expression(frame, operand)) {
            (_, Value::Poison) => Value::Poison,
            (UnaryOp::Neg, Value::Number(n)) => self.number(n.negated(), span),
            (UnaryOp::Not, Value::Bool(b)) => Value::Bool(b.map(|b| !b)),
            (UnaryOp::Neg, Value::Tensor(x)) => {
                self.operation_by_name(frame, "neg", &[(Value::Tensor(x), operand.span)], span)
            }
            (UnaryOp::Not, Value::Tensor(x)) => {
                self.operation_by_name(frame, "not", &[(Value::Tensor(x), operand.span)], span)
            }
            (UnaryOp::Neg, other) => {
                self.wrong_kind(&other, operand.span, "`-` needs a number or a tensor")
            }
            (UnaryOp::Not, other) => {
                self.wrong_kind(&other, operand.span, "`not` needs a truth value")
            }
        }
    }

    pub fn wrong_kind(&mut self, value: &Value, span: Span, needs: &str) -> Value {
        if value.is_poison() {
            return Value::Poison;
        }
        self.poison(
            Diagnostic::new(
                Code::E0204,
                format!("{needs}, but this is {}", value.kind()),
            )
            .at(span, value.kind()),
        )
    }
}
