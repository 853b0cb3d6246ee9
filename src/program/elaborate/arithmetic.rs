//! Operators, and functions of numbers alone.

use super::{Elaborator, Frame};
use crate::diag::{Code, Diagnostic};
use crate::program::number::{Number, Trouble};
use crate::program::value::{Given, Value};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr};
use std::rc::Rc;

/// The longest list that a function makes.
const LONGEST: i64 = 100_000;

impl Elaborator<'_, '_> {
    pub(super) fn binary(
        &mut self,
        frame: &mut Frame,
        op: BinaryOp,
        op_span: Span,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Value {
        let a = self.expression(frame, left);
        // the second half of `a != 0 and 6 / a` has a meaning only if the first holds
        match (op, &a) {
            (BinaryOp::And, Value::Bool(Some(false))) => return Value::Bool(Some(false)),
            (BinaryOp::Or, Value::Bool(Some(true))) => return Value::Bool(Some(true)),
            _ => {}
        }
        let b = self.expression(frame, right);
        let (a, b) = (self.operand(a), self.operand(b));
        match (&a, &b) {
            (Value::Poison, _) | (_, Value::Poison) => Value::Poison,
            (Value::Bool(a), Value::Bool(b)) => match op {
                BinaryOp::And | BinaryOp::Or => logic(op, *a, *b),
                BinaryOp::Eq => Value::Bool(a.zip(*b).map(|(a, b)| a == b)),
                BinaryOp::Ne => Value::Bool(a.zip(*b).map(|(a, b)| a != b)),
                _ => self.no_operator(
                    op,
                    op_span,
                    &a_kind(left, "a truth value"),
                    &a_kind(right, "a truth value"),
                ),
            },
            (Value::Number(a), Value::Number(b)) => match op {
                BinaryOp::And | BinaryOp::Or | BinaryOp::MatMul => self.no_operator(
                    op,
                    op_span,
                    &a_kind(left, "a number"),
                    &a_kind(right, "a number"),
                ),
                _ if is_comparison(op) => Value::Bool(a.compared(op, b)),
                _ => self.number(a.combined(op, b), span),
            },
            (Value::Str(a), Value::Str(b)) if matches!(op, BinaryOp::Eq | BinaryOp::Ne) => {
                Value::Bool(Some((a == b) == (op == BinaryOp::Eq)))
            }
            (Value::None, other) | (other, Value::None)
                if matches!(op, BinaryOp::Eq | BinaryOp::Ne) =>
            {
                let none = matches!(other, Value::None);
                Value::Bool(Some(none == (op == BinaryOp::Eq)))
            }
            _ if a.is_operand() && b.is_operand() && op != BinaryOp::Rem => {
                let operands = [(a, left.span), (b, right.span)];
                self.operation_by_name(frame, operation_of(op), &operands, span)
            }
            _ => self.no_operator(
                op,
                op_span,
                &a_kind(left, a.kind()),
                &a_kind(right, b.kind()),
            ),
        }
    }

    /// `sum([a, b, c])`: numbers and tensors, one after the other.
    pub(super) fn sum_of(&mut self, frame: &mut Frame, values: &[Value], span: Span) -> Value {
        let mut total = None;
        for value in values {
            let value = self.operand(value.clone());
            if !value.is_operand() {
                return self.wrong_kind(&value, span, "`sum` adds numbers and tensors");
            }
            total = Some(match (total, value) {
                (None, first) => first,
                (Some(Value::Number(a)), Value::Number(b)) => {
                    self.number(a.combined(BinaryOp::Add, &b), span)
                }
                (Some(a), b) => self.operation_by_name(frame, "add", &[(a, span), (b, span)], span),
            });
        }
        total.unwrap_or(Value::int(0))
    }

    /// A network with one output stands for it.
    pub fn operand(&self, value: Value) -> Value {
        match &value {
            Value::Record(instance) => self.only_output(instance).unwrap_or(value),
            _ => value,
        }
    }

    fn no_operator(
        &mut self,
        op: BinaryOp,
        at: Span,
        left: &(Span, &str),
        right: &(Span, &str),
    ) -> Value {
        let message = format!(
            "`{}` does not combine {} and {}",
            op.symbol(),
            left.1,
            right.1
        );
        let diagnostic = Diagnostic::new(Code::E0204, message)
            .at(at, "this operator")
            .also(left.0, left.1)
            .also(right.0, right.1);
        self.poison(diagnostic)
    }

    pub(super) fn number(&mut self, result: Result<Number, Trouble>, span: Span) -> Value {
        match result {
            Ok(number) => Value::Number(number),
            Err(trouble) => {
                let message = format!("`{}` {}", self.text(span), trouble.words());
                let diagnostic = Diagnostic::new(Code::E0227, message).at(span, "calculated here");
                self.poison(diagnostic)
            }
        }
    }

    /// A function whose arguments are all numbers or lists, by its name; none if there is none of that
    /// name that takes such arguments.
    pub(super) fn number_function(
        &mut self,
        name: &str,
        given: &[Given],
        span: Span,
    ) -> Option<Value> {
        const OF_NUMBERS_ALONE: [&str; 6] =
            ["len", "enumerate", "zip", "range", "round", "round_to"];
        let poisoned = |given: &Given| matches!(given.value, Value::Poison);
        if OF_NUMBERS_ALONE.contains(&name) && given.iter().any(poisoned) {
            return Some(Value::Poison);
        }
        let plain = |v: &Value| matches!(v, Value::Number(_) | Value::List(_) | Value::Tuple(_));
        if given.is_empty() || !given.iter().all(|g| g.name.is_none() && plain(&g.value)) {
            return None;
        }
        let values: Vec<&Value> = given.iter().map(|g| &g.value).collect();
        let result = match (name, values.as_slice()) {
            ("len", [Value::List(list) | Value::Tuple(list)]) => Value::int(list.len() as i64),
            ("enumerate", [Value::List(list) | Value::Tuple(list)]) => numbered(list),
            ("zip", [a, b]) => zipped(a.elements()?, b.elements()?),
            ("range", [Value::Number(n)]) => return Some(self.range(&Number::Int(0), n, span)),
            ("range", [Value::Number(a), Value::Number(b)]) => return Some(self.range(a, b, span)),
            ("min" | "max" | "div" | "round_to" | "pow", [Value::Number(a), Value::Number(b)]) => {
                return Some(self.two_numbers(name, a, b, span));
            }
            ("sqrt" | "log" | "exp" | "abs" | "round", [Value::Number(x)]) => {
                return Some(self.one_number(name, x, span));
            }
            _ => return None,
        };
        Some(result)
    }

    fn range(&mut self, from: &Number, to: &Number, span: Span) -> Value {
        let (Some(from), Some(to)) = (from.as_int(), to.as_int()) else {
            return match (from, to) {
                (Number::Float(_), _) | (_, Number::Float(_)) => self.poison(
                    Diagnostic::new(Code::E0224, "`range` takes whole numbers")
                        .at(span, "not whole"),
                ),
                // decided by whoever uses the model
                _ => Value::Poison,
            };
        };
        if to.saturating_sub(from) > LONGEST {
            let diagnostic = Diagnostic::new(
                Code::E0223,
                format!("`range` gives at most {LONGEST} numbers"),
            )
            .at(span, "too long");
            return self.poison(diagnostic);
        }
        Value::List(Rc::new((from..to).map(Value::int).collect()))
    }

    fn two_numbers(&mut self, name: &str, a: &Number, b: &Number, span: Span) -> Value {
        let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else {
            return match name {
                "pow" => self.number(a.combined(BinaryOp::Pow, b), span),
                _ => Value::Number(Number::Unknown),
            };
        };
        match name {
            "min" => Value::Number(if x <= y { a.clone() } else { b.clone() }),
            "max" => Value::Number(if x >= y { a.clone() } else { b.clone() }),
            "pow" => self.number(a.combined(BinaryOp::Pow, b), span),
            _ => match (a.as_int(), b.as_int()) {
                (_, Some(0)) => self.number(Err(Trouble::DivisionByZero), span),
                (Some(a), Some(b)) if name == "div" => self.number(
                    a.checked_div_euclid(b)
                        .map(Number::Int)
                        .ok_or(Trouble::Overflow),
                    span,
                ),
                // to a multiple of b, to the nearest, but not below nine tenths (MobileNetV2's rule)
                (_, Some(b)) if b > 0 => Value::int(round_to(x, b)),
                _ => {
                    let message = format!("`{name}` takes whole numbers");
                    self.poison(Diagnostic::new(Code::E0224, message).at(span, "not whole"))
                }
            },
        }
    }

    fn one_number(&mut self, name: &str, x: &Number, span: Span) -> Value {
        let Some(value) = x.as_f64() else {
            return match (name, x.arg()) {
                ("sqrt", Some(_)) => {
                    self.number(x.combined(BinaryOp::Pow, &Number::Float(0.5)), span)
                }
                _ => Value::Number(Number::Unknown),
            };
        };
        let result = match name {
            "sqrt" => value.sqrt(),
            "log" => value.ln(),
            "exp" => value.exp(),
            "abs" => return self.number(Ok(absolute(x)), span),
            _ => return self.number(Ok(Number::Int(value.round() as i64)), span),
        };
        let result = if result.is_finite() {
            Ok(Number::Float(result))
        } else {
            Err(Trouble::NotFinite)
        };
        self.number(result, span)
    }
}

fn a_kind<'k>(expr: &Expr, kind: &'k str) -> (Span, &'k str) {
    (expr.span, kind)
}

fn absolute(x: &Number) -> Number {
    match x {
        Number::Int(n) => n
            .checked_abs()
            .map_or(Number::Float(-(*n as f64)), Number::Int),
        Number::Float(x) => Number::Float(x.abs()),
        other => other.clone(),
    }
}

fn round_to(x: f64, multiple: i64) -> i64 {
    let m = multiple as f64;
    let nearest = ((x + m / 2.0) / m).floor() * m;
    let rounded = nearest.max(m);
    let rounded = if rounded < 0.9 * x {
        rounded + m
    } else {
        rounded
    };
    rounded as i64
}

fn numbered(list: &[Value]) -> Value {
    let pairs = list
        .iter()
        .zip(0..)
        .map(|(value, i)| Value::Tuple(Rc::new(vec![value.clone(), Value::int(i)])));
    Value::List(Rc::new(pairs.collect()))
}

fn zipped(a: &[Value], b: &[Value]) -> Value {
    let pairs = a
        .iter()
        .zip(b)
        .map(|(a, b)| Value::Tuple(Rc::new(vec![a.clone(), b.clone()])));
    Value::List(Rc::new(pairs.collect()))
}

fn logic(op: BinaryOp, a: Option<bool>, b: Option<bool>) -> Value {
    Value::Bool(match (op, a, b) {
        (BinaryOp::And, Some(a), Some(b)) => Some(a && b),
        (BinaryOp::And, _, Some(false)) => Some(false),
        (BinaryOp::Or, Some(a), Some(b)) => Some(a || b),
        (BinaryOp::Or, _, Some(true)) => Some(true),
        _ => None,
    })
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Le | Ge | Lt | Gt)
}

/// The operation that an operator is between tensors.
fn operation_of(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Eq => "eq",
        BinaryOp::Ne => "ne",
        BinaryOp::Le => "le",
        BinaryOp::Ge => "ge",
        BinaryOp::Lt => "lt",
        BinaryOp::Gt => "gt",
        BinaryOp::Add => "add",
        BinaryOp::Sub => "sub",
        BinaryOp::Mul => "mul",
        BinaryOp::Div => "div",
        BinaryOp::Rem => "rem",
        BinaryOp::MatMul => "matmul",
        BinaryOp::Pow => "pow",
    }
}
