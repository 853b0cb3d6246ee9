//! Chains: `x -> conv2d(8) -> relu`.

use super::{Elaborator, Frame};
use crate::diag::{Code, Diagnostic};
use crate::program::value::{Layer, Value};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Step};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    /// A chain over a tensor is applied step by step; a chain over a layer is a layer.
    pub(super) fn chain(&mut self, frame: &mut Frame, head: &Expr, steps: &[Step]) -> Value {
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
}

/// A row of layers as one layer.
pub(super) fn in_a_row(steps: Vec<(Value, Option<String>, Span)>) -> Value {
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
fn placed(layer: &Rc<Layer>, place: Span) -> Value {
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
