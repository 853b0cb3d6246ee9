//! Expressions: one function per construct.

use super::{Elaborator, Frame, FrameKind};
use crate::diag::{Code, Diagnostic};
use crate::program::load::DefId;
use crate::program::number::Number;
use crate::program::value::{Layer, Value};
use crate::program::{ops, schedule};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Pattern, Step, UnaryOp};
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

    /// A name where a value is wanted.
    fn name(&mut self, frame: &mut Frame, name: &str, span: Span) -> Value {
        if let Some((value, definition)) = frame.local_at(name) {
            self.modules.link(span, definition);
            return value.clone();
        }
        if let Some((_, below)) = frame.below.iter().find(|(n, _)| n == name) {
            let diagnostic = Diagnostic::new(
                Code::E0203,
                format!("`{name}` is used above its definition"),
            )
            .at(span, "used here")
            .also(*below, "defined below")
            .help("a body is read from top to bottom: move the definition up");
            return self.poison(diagnostic);
        }
        match self.modules.lookup_at(frame.module, name, span) {
            Some(None) => return Value::Poison,
            Some(Some(id)) => {
                return self.file_name(frame, id, name, span);
            }
            None => {}
        }
        match self.standard(name) {
            Some(value) => value,
            None if schedule::is_schedule(name) => {
                let expr = Expr {
                    kind: ExprKind::Name(name.to_string()),
                    span,
                };
                self.schedule(frame, &expr)
            }
            None => {
                let what = if frame.kind == FrameKind::File {
                    "name"
                } else {
                    "value"
                };
                self.unknown_name(frame, name, span, what)
            }
        }
    }

    /// What the language itself calls so: operations and the library's losses.
    fn standard(&mut self, name: &str) -> Option<Value> {
        // before the operation of that name: no step at all, so that it has no index
        if name == "nothing" {
            return Some(Value::Layer(Rc::new(Layer::Chain {
                steps: Vec::new(),
                nested: false,
            })));
        }
        if let Some(op) = ops::find(name) {
            return Some(Value::Layer(Rc::new(Layer::Call {
                callee: crate::program::value::Callee::Operation(op),
                given: Vec::new(),
                span: Span::new(crate::source::FileId(0), 0..0),
            })));
        }
        let id = self.modules.library("losses", name)?;
        Some(self.definition_value(id))
    }

    /// A name of the file; from inside a body only constants and what can be called.
    fn file_name(&mut self, frame: &Frame, id: DefId, name: &str, span: Span) -> Value {
        let value = self.item(id, span);
        if frame.kind == FrameKind::File {
            return value;
        }
        let what = match value {
            Value::Record(_) => "networks",
            Value::Data(_) => "data sets",
            Value::Tensor(_) => "taps",
            other => return other,
        };
        let diagnostic = Diagnostic::new(
            Code::E0204,
            format!("a body does not see the file's {what}, such as `{name}`"),
        )
        .at(span, "not visible here")
        .help("give it to the model or loss as an input");
        self.poison(diagnostic)
    }

    /// A name where something to call is wanted: no tensor hides a layer.
    pub fn find_callable(&mut self, frame: &mut Frame, name: &str, span: Span) -> Option<Value> {
        let local = frame
            .locals
            .iter_mut()
            .rev()
            .find(|l| l.name == name && matches!(l.value, Value::Layer(_) | Value::Poison));
        if let Some(local) = local {
            local.used = true;
            self.modules.link(span, local.span);
            return Some(local.value.clone());
        }
        match self.modules.lookup(frame.module, name) {
            Some(None) => return Some(Value::Poison),
            Some(Some(id)) if self.may_be_called(id) => match self.item(id, span) {
                value @ (Value::Layer(_) | Value::Poison) => {
                    self.modules.link_item(span, id);
                    return Some(value);
                }
                other if self.standard(name).is_none() => return Some(other),
                _ => {}
            },
            _ => {}
        }
        let found = self.standard(name)?;
        if let Value::Layer(layer) = &found
            && let Layer::Call {
                callee: crate::program::value::Callee::Definition(id),
                ..
            } = **layer
        {
            self.modules.link_item(span, id);
        }
        Some(found)
    }

    /// Whether an item can mean something to call; an edge may have the name of its loss.
    fn may_be_called(&self, id: DefId) -> bool {
        let (ast, at) = self.modules.item(id);
        matches!(
            ast.items[at].kind,
            ItemKind::Callable(_) | ItemKind::Constant(_) | ItemKind::Network(_)
        )
    }

    fn choice(
        &mut self,
        frame: &mut Frame,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
    ) -> Value {
        match self.expression(frame, condition) {
            Value::Bool(Some(true)) => self.branch(frame, then),
            Value::Bool(Some(false)) => self.branch(frame, otherwise),
            Value::Bool(None) if !self.checking_alone => {
                let message =
                    "`if` chooses when the file is compiled, but this is known only in the run";
                let diagnostic = Diagnostic::new(Code::E0204, message);
                self.poison(diagnostic.at(condition.span, "changes in the run"))
            }
            Value::Bool(None) => {
                let (a, b) = (self.branch(frame, then), self.branch(frame, otherwise));
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

    /// A branch of `if` or the body of `for`: layers in it are spliced where they stand.
    fn branch(&mut self, frame: &mut Frame, expr: &Expr) -> Value {
        self.expression(frame, expr)
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
            values.push(self.branch(frame, body));
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

    /// A chain over a tensor is applied step by step; a chain over a layer is a layer.
    fn chain(&mut self, frame: &mut Frame, head: &Expr, steps: &[Step]) -> Value {
        let value = self.expression(frame, head);
        if let Value::Layer(_) = value {
            let mut row = vec![(value, None, head.span)];
            for step in steps {
                let layer = self.step_layer(frame, &step.layer);
                if layer.is_poison() {
                    return Value::Poison;
                }
                let label = step.label.as_ref().map(|name| name.text.clone());
                row.push((layer, label, step.layer.span));
            }
            return in_a_row(row);
        }
        self.steps(frame, value, head.span, steps)
    }

    /// Leads a value through the steps of a chain, one after the other.
    pub(super) fn steps(
        &mut self,
        frame: &mut Frame,
        mut value: Value,
        mut from: Span,
        steps: &[Step],
    ) -> Value {
        for step in steps {
            let layer = self.step_layer(frame, &step.layer);
            let label = step.label.as_ref().map(|name| name.text.as_str());
            value = self.apply(frame, &layer, value, from, label, step.layer.span);
            from = from.to(step.layer.span);
            if value.is_poison() {
                self.rest_of_chain(frame, steps, step);
                return Value::Poison;
            }
        }
        value
    }

    /// After a mistake in a chain the later steps are only looked up, for mistakes of their own.
    fn rest_of_chain(&mut self, frame: &mut Frame, steps: &[Step], broken: &Step) {
        let after = steps
            .iter()
            .skip_while(|step| !std::ptr::eq(*step, broken))
            .skip(1);
        for step in after {
            self.step_layer(frame, &step.layer);
        }
    }

    /// What a step applies.
    fn step_layer(&mut self, frame: &mut Frame, step: &Expr) -> Value {
        let name = match &step.kind {
            ExprKind::Name(name) => name,
            ExprKind::Member { .. } | ExprKind::Index { .. } => return self.layer_at(frame, step),
            _ => return self.expression(frame, step),
        };
        match self.find_callable(frame, name, step.span) {
            Some(Value::Layer(layer)) => placed(&layer, step.span),
            Some(Value::Record(instance)) => self.network_layer(&instance, step.span),
            Some(other) => other,
            None if frame.locals.iter().any(|l| l.name == *name) => {
                self.name(frame, name, step.span)
            }
            None if self.modules.lookup(frame.module, name).is_some() => {
                let message = format!("`{name}` is no layer");
                let diagnostic = Diagnostic::new(Code::E0204, message)
                    .at(step.span, "no layer")
                    .help("`->` leads to an operation, a model, a network or a part of a network");
                self.poison(diagnostic)
            }
            None => self.unknown_name(frame, name, step.span, "layer"),
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

/// A row of layers as one layer.
fn in_a_row(steps: Vec<(Value, Option<String>, Span)>) -> Value {
    let mut row = Vec::new();
    for (value, label, span) in steps {
        match &value {
            Value::Layer(layer) if label.is_none() => match &**layer {
                Layer::Chain {
                    steps,
                    nested: false,
                } => row.extend(steps.iter().cloned()),
                _ => row.push((value, label, span)),
            },
            _ => row.push((value, label, span)),
        }
    }
    Value::Layer(Rc::new(Layer::Chain {
        steps: row,
        nested: false,
    }))
}

/// The layer as named at a place, so that messages point there.
pub fn placed(layer: &Rc<Layer>, place: Span) -> Value {
    match &**layer {
        Layer::Call { callee, given, .. } if given.is_empty() => {
            Value::Layer(Rc::new(Layer::Call {
                callee: *callee,
                given: Vec::new(),
                span: place,
            }))
        }
        _ => Value::Layer(layer.clone()),
    }
}
