//! Paths and indices: `light.layer3[-1].bn2`, `images.label`, `widths[0]`.

use super::{Elaborator, Frame};
use crate::diag::suggest::{counted, listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::DataSet;
use crate::program::foreign;
use crate::program::graph::Parameter;
use crate::program::value::{Instance, Layer, Member, Value};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Index, Name};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    pub(super) fn member(
        &mut self,
        frame: &mut Frame,
        base: &Expr,
        name: &Name,
        span: Span,
    ) -> Value {
        if let Some(diagnostic) = foreign::qualified(base, name, span) {
            return self.poison(diagnostic);
        }
        self.place(frame, base, name, span).value
    }

    /// The place that `base.name` leads to.
    fn place(&mut self, frame: &mut Frame, base: &Expr, name: &Name, span: Span) -> Member {
        let from = self.base_place(frame, base);
        let value = match (&from.value, &from.inner) {
            (Value::Poison, _) => Value::Poison,
            (Value::Data(data), _) => self.field_of(&data.clone(), name),
            (_, Some(instance)) => {
                return self.inside(frame, &instance.clone(), &from, name, base.span, span);
            }
            (_, None) if !from.parameters.is_empty() => {
                return self.inside(frame, &Rc::default(), &from, name, base.span, span);
            }
            (Value::Tensor(_), None) => {
                if let Some(diagnostic) = foreign::method(&name.text, name.span) {
                    return Member::of(self.poison(diagnostic), span);
                }
                let message = format!(
                    "`{}` is a tensor: nothing inside it has a name",
                    self.text(base.span)
                );
                self.poison(Diagnostic::new(Code::E0209, message).at(name.span, "leads nowhere"))
            }
            (Value::Layer(layer), None) if matches!(**layer, Layer::Named { .. }) => {
                self.weight_of(frame, &layer.clone(), name, span)
            }
            (Value::Layer(_), None) => {
                let text = self.text(base.span).to_string();
                let message =
                    format!("`{text}` is a layer or model; only a network made from it has parts");
                self.poison(
                    Diagnostic::new(Code::E0204, message)
                        .at(base.span, "no network")
                        .help("name the network: `student light = …`, then `light.logits`"),
                )
            }
            (other, None) => {
                let needs = format!("`.{}` needs a network or data set before it", name.text);
                let other = other.clone();
                self.wrong_kind(&other, base.span, &needs)
            }
        };
        Member::of(value, span)
    }

    /// A parameter of a layer that the body names: `embed.weight`.
    fn weight_of(&mut self, frame: &Frame, layer: &Layer, name: &Name, span: Span) -> Value {
        let Layer::Named {
            name: layer, path, ..
        } = layer
        else {
            return Value::Poison;
        };
        let path = super::join(path, layer);
        if let Some(id) = self.graph.find_parameter(&super::join(&path, &name.text)) {
            return Value::Tensor(self.parameter_node(frame.owner.clone(), id, span));
        }
        let applied = |p: &Parameter| {
            p.name
                .strip_prefix(&path)?
                .strip_prefix('.')
                .map(str::to_string)
        };
        let there: Vec<String> = self.graph.parameters.iter().filter_map(applied).collect();
        let message = format!("`{layer}` has no `{}` here", name.text);
        let diagnostic = Diagnostic::new(Code::E0209, message).at(name.span, "leads nowhere");
        self.poison(match there.as_slice() {
            [] => diagnostic
                .help("a layer gets its parameters where it is applied first, above this line"),
            some => diagnostic.help(format!(
                "it has {}",
                listed(some.iter().map(String::as_str), 8)
            )),
        })
    }

    /// What a path has led to so far, with what can be reached from there.
    pub(in crate::program) fn base_place(&mut self, frame: &mut Frame, base: &Expr) -> Member {
        match &base.kind {
            ExprKind::Member { base: inner, name } => self.place(frame, inner, name, base.span),
            ExprKind::Index { base: inner, index } => {
                let from = self.base_place(frame, inner);
                match index.as_slice() {
                    [Index::At(at)] if !from.steps.is_empty() => {
                        self.step_at(frame, &from, inner, at)
                    }
                    _ => Member::of(self.expression(frame, base), base.span),
                }
            }
            _ => {
                let value = self.expression(frame, base);
                let mut member = Member::of(value, base.span);
                if let Value::Record(instance) = &member.value {
                    member.inner = Some(instance.clone());
                }
                member
            }
        }
    }

    fn step_at(&mut self, frame: &mut Frame, from: &Member, base: &Expr, at: &Expr) -> Member {
        let wrong = Member::of(Value::Poison, at.span);
        let index = match self.expression(frame, at) {
            Value::Number(n) => n.as_int(),
            Value::Poison => return wrong,
            _ => None,
        };
        let count = from.steps.len() as i64;
        match index.and_then(|i| at_index(&from.steps, i)) {
            Some(step) => step.clone(),
            None => {
                let message = format!("`{}` has {}", self.text(base.span), counted(count, "step"));
                self.report(
                    Diagnostic::new(Code::E0209, message)
                        .at(at.span, "no such step")
                        .help(format!(
                            "steps are numbered 0 to {}, or -1 for the last",
                            count - 1
                        )),
                );
                wrong
            }
        }
    }

    /// A part of a model in use by its name.
    fn inside(
        &mut self,
        frame: &Frame,
        instance: &Rc<Instance>,
        from: &Member,
        name: &Name,
        base: Span,
        span: Span,
    ) -> Member {
        if let Some(member) = instance.member(&name.text) {
            self.modules.link(name.span, member.span);
            return member.clone();
        }
        if let Some(value) = instance.output(&name.text) {
            return Member::of(value.clone(), span);
        }
        if let Some((_, id)) = from.parameters.iter().find(|(role, _)| *role == name.text) {
            let node = self.parameter_node(frame.owner.clone(), *id, span);
            return Member::of(Value::Tensor(node), span);
        }
        // a number of a body is no place to tap
        let places = (instance.named()).filter(|(_, part)| !matches!(part.value, Value::Number(_)));
        let there: Vec<&str> = places.map(|(n, _)| n.as_str()).collect();
        let whose = self.text(base).to_string();
        let diagnostic = Diagnostic::new(Code::E0209, format!("`{whose}` has no `{}`", name.text))
            .at(name.span, "leads nowhere");
        let model = if instance.model.is_empty() {
            "it"
        } else {
            &instance.model
        };
        let diagnostic = match nearest(&name.text, there.iter().copied()) {
            Some(near) => diagnostic.replace(
                format!("`{model}` has something with a similar name: `{near}`"),
                name.span,
                near,
            ),
            None if there.is_empty() => diagnostic,
            None => diagnostic.help(format!("`{model}` has {}", listed(there, 12))),
        };
        Member::of(self.poison(diagnostic), span)
    }

    fn field_of(&mut self, data: &Rc<DataSet>, name: &Name) -> Value {
        if let Some(field) = data.fields.iter().find(|f| f.name == name.text) {
            return Value::Tensor(self.field(data, field, name.span));
        }
        let there = || data.fields.iter().map(|f| f.name.as_str());
        let diagnostic = Diagnostic::new(
            Code::E0410,
            format!("the data set `{}` has no field `{}`", data.name, name.text),
        )
        .at(name.span, "no such field");
        let diagnostic = match nearest(&name.text, there()) {
            Some(near) => diagnostic.replace(
                format!("it has a field with a similar name: `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help(format!("its fields are {}", listed(there(), 12))),
        };
        self.poison(diagnostic)
    }

    pub(super) fn index(
        &mut self,
        frame: &mut Frame,
        base: &Expr,
        index: &[Index],
        span: Span,
    ) -> Value {
        // a step of a network's binding
        if let ([Index::At(at)], ExprKind::Member { .. } | ExprKind::Index { .. }) =
            (index, &base.kind)
        {
            let from = self.base_place(frame, base);
            if !from.steps.is_empty() {
                return self.step_at(frame, &from, base, at).value;
            }
            let value = self.operand(from.value);
            return self.element(frame, value, base.span, index, span);
        }
        let value = self.expression(frame, base);
        if let (Value::Record(_) | Value::Data(_), [Index::At(at)]) = (&value, index)
            && let ExprKind::Str(part) = &at.kind
        {
            let brackets = base.span.after().to(span.after());
            let diagnostic =
                Diagnostic::new(Code::E0210, "a part is named after a full stop in kd")
                    .at(brackets, "another language's spelling")
                    .replace(format!("write `.{part}`"), brackets, format!(".{part}"));
            return self.poison(diagnostic);
        }
        let value = self.operand(value);
        self.element(frame, value, base.span, index, span)
    }

    fn element(
        &mut self,
        frame: &mut Frame,
        value: Value,
        base: Span,
        index: &[Index],
        span: Span,
    ) -> Value {
        if let Value::Tensor(tensor) = value {
            return self.slice(frame, (tensor, base), index, span);
        }
        let Some(list) = value.elements() else {
            return self.wrong_kind(&value, base, "`[…]` takes an element of a list");
        };
        let [Index::At(at)] = index else {
            let message = "a list is indexed by one number";
            return self.poison(Diagnostic::new(Code::E0224, message).at(span, "not one number"));
        };
        let index = match self.expression(frame, at) {
            Value::Number(n) => n.as_int(),
            Value::Poison => return Value::Poison,
            _ => None,
        };
        let count = list.len() as i64;
        match index.and_then(|i| at_index(list, i)) {
            Some(value) => value.clone(),
            None => {
                let message = format!("the list has {}", counted(count, "element"));
                self.poison(Diagnostic::new(Code::E0223, message).at(at.span, "no such element"))
            }
        }
    }
}

/// Negative indices count from the end.
fn at_index<T>(list: &[T], index: i64) -> Option<&T> {
    let from_start = if index < 0 {
        index.checked_add(list.len() as i64)?
    } else {
        index
    };
    list.get(usize::try_from(from_start).ok()?)
}
