//! Applying layers: what happens when one gets its tensor.

use super::{Elaborator, Frame, FrameKind, Naming};
use crate::diag::{Code, Diagnostic};
use crate::program::value::{Applied, Callee, Given, Layer, Member, Value};
use crate::source::Span;
use std::rc::Rc;

impl Elaborator<'_, '_> {
    /// Gives a layer its first tensor, or the first several as a tuple. `label` is what `as` says.
    pub fn apply(
        &mut self,
        frame: &mut Frame,
        layer: &Value,
        input: Value,
        from: Span,
        label: Option<&str>,
        span: Span,
    ) -> Value {
        let layer = match layer {
            Value::Layer(layer) => layer,
            Value::Poison => return Value::Poison,
            other => {
                let kind = other.kind();
                let message = format!("`->` leads to a layer, but this is {kind}");
                let diagnostic = Diagnostic::new(Code::E0204, message).at(span, kind);
                let written = self.text(span);
                return self.poison(match kind {
                    "a number" => diagnostic.help(format!(
                        "write `linear({written})` for a layer of so many features"
                    )),
                    _ => diagnostic.help(
                        "`->` leads to an operation, a model, a network or a part of a network",
                    ),
                });
            }
        };
        if !self.spend(span) {
            return Value::Poison;
        }
        match &**layer {
            Layer::Chain { steps, nested } if *nested || label.is_some() => {
                let name = frame.naming.step(label);
                let inner = Naming::new(&name, false);
                let outer = std::mem::replace(&mut frame.naming, inner);
                let value = self.apply_row(frame, steps, input, from);
                let inner = std::mem::replace(&mut frame.naming, outer);
                let mut member = Member::of(value.clone(), span);
                member.steps = inner.steps;
                member.layers = Some(Rc::new(inner.row.clone()));
                frame.naming.row.extend(inner.row);
                self.remember(frame, label, member);
                value
            }
            Layer::Chain { steps, .. } => self.apply_row(frame, steps, input, from),
            Layer::Named {
                name,
                layer,
                path,
                owner,
            } => {
                // of a chain each step has a name of its own, or they would share their weights
                let single = !matches!(layer, Value::Layer(row) if matches!(&**row, Layer::Chain { nested: false, .. }));
                let outer = std::mem::replace(&mut frame.naming, Naming::new(name, single));
                let here = frame.stands_in(path.clone(), owner.clone());
                self.sharing += 1;
                let value = self.apply(frame, layer, input, from, None, span);
                self.sharing -= 1;
                frame.stands_in(here.0, here.1);
                let inner = std::mem::replace(&mut frame.naming, outer);
                frame.naming.step(label);
                frame.naming.row.extend(inner.row);
                let member = inner.steps.into_iter().last();
                let member = member.unwrap_or_else(|| Member::of(value.clone(), span));
                self.remember(frame, label, member);
                value
            }
            Layer::Again { layers, network } => {
                let member = self.apply_again(layers, input, from, span);
                let value = match (&member.inner, network) {
                    (Some(instance), true) => Value::Record(instance.clone()),
                    _ => member.value.clone(),
                };
                frame.naming.step(label);
                frame.naming.row.extend(layers.iter().cloned());
                self.remember(frame, label, member);
                value
            }
            Layer::Call {
                callee,
                given,
                span: written,
            } => {
                let at = if given.is_empty() { span } else { *written };
                self.apply_call(frame, (*callee, given), input, from, label, at)
            }
        }
    }

    /// Leads a value through layers of a network, with the network's weights.
    fn apply_again(&mut self, layers: &[Applied], input: Value, from: Span, span: Span) -> Member {
        let mut member = Member::of(input, span);
        self.sharing += 1;
        for applied in layers {
            let owner = applied.owner.clone();
            let mut frame = Frame::new(self.root, FrameKind::File, "", owner);
            let (callee, path) = ((applied.callee, applied.given.as_slice()), &applied.path);
            let value = self.apply_call(&mut frame, callee, member.value, from, Some(path), span);
            let made = frame.naming.labelled.pop();
            member = made.map_or_else(|| Member::of(value, span), |(_, member)| member);
        }
        self.sharing -= 1;
        member
    }

    fn apply_row(
        &mut self,
        frame: &mut Frame,
        steps: &[(Value, Option<String>, Span)],
        input: Value,
        from: Span,
    ) -> Value {
        let mut value = input;
        for (layer, label, span) in steps {
            value = self.apply(frame, layer, value, from, label.as_deref(), *span);
            if value.is_poison() {
                break;
            }
        }
        value
    }

    fn apply_call(
        &mut self,
        frame: &mut Frame,
        (callee, given): (Callee, &[Given]),
        input: Value,
        from: Span,
        label: Option<&str>,
        span: Span,
    ) -> Value {
        let signature = self.signature(callee);
        let inputs: Vec<Value> = match (&input, signature.many) {
            (Value::Tuple(values), false) => values.to_vec(),
            _ => vec![input],
        };
        let mut all: Vec<Given> = Vec::new();
        for value in inputs {
            let value = self.operand(value);
            if !matches!(value, Value::Tensor(_) | Value::Tuple(_) | Value::Poison) {
                return self.wrong_kind(
                    &value,
                    from,
                    &format!("`{}` takes a tensor", signature.name),
                );
            }
            all.push(Given {
                name: None,
                value,
                span: from,
            });
        }
        all.extend(given.iter().cloned());
        let Some(bound) = self.bound(&signature, all, span) else {
            return Value::Poison;
        };
        if !self.complete(&signature, &bound, span) {
            return Value::Poison;
        }
        let missing: Vec<&str> = signature.missing(&bound).collect();
        if !missing.is_empty() {
            return self.still_needs(&signature, &missing, span);
        }
        let name = frame.naming.step(label);
        let mut member = self.run(frame, callee, &signature, bound, Some(&name), span);
        let value = member.value.clone();
        let applied = Applied {
            callee,
            given: given.to_vec(),
            path: frame.full(&name),
            owner: frame.owner.clone(),
        };
        member.layers = Some(Rc::new(vec![applied.clone()]));
        frame.naming.row.push(applied);
        self.remember(frame, label, member);
        value
    }

    pub(super) fn remember(&mut self, frame: &mut Frame, label: Option<&str>, member: Member) {
        match label {
            Some(label) => frame.naming.labelled.push((label.to_string(), member)),
            None => frame.naming.steps.push(member),
        }
    }
}
