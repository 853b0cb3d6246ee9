//! Models, losses and functions in use: from the tensors and numbers of a call to what can be tapped.

use super::types::{self, Clash};
use super::{Bound, Elaborator, Frame, FrameKind, Signature, body, signature};
use crate::diag::{Code, Diagnostic};
use crate::program::graph::Owner;
use crate::program::load::DefId;
use crate::program::value::{Callee, Given, Instance, Layer, Member, Value};
use crate::source::Span;
use crate::syntax::ast::{self, Body, CallableKind, ItemKind};
use std::rc::Rc;

/// A use of a definition that has been opened: its parameters are bound, its inputs not yet.
pub struct Opened {
    pub frame: Frame,
    ast: Rc<ast::File>,
    id: DefId,
}

impl Elaborator<'_, '_> {
    pub fn is_model(&self, id: DefId) -> bool {
        let (ast, at) = self.modules.item(id);
        matches!(&ast.items[at].kind, ItemKind::Callable(c) if c.kind == CallableKind::Model)
    }

    /// A definition by its name alone: the call with no arguments.
    pub fn definition_value(&mut self, id: DefId) -> Value {
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return Value::Poison;
        };
        Value::Layer(Rc::new(Layer::Call {
            callee: Callee::Definition(id),
            given: Vec::new(),
            span: callable.name.span,
        }))
    }

    /// Follows a definition's body with the tensors and numbers of one use.
    pub(super) fn definition(
        &mut self,
        id: DefId,
        signature: &Signature,
        bound: Bound,
        path: &str,
        owner: Owner,
        call: Span,
    ) -> Member {
        let wrong = Member::of(Value::Poison, call);
        let Some(mut opened) = self.open(id, &bound, path, owner, call) else {
            return wrong;
        };
        match self.fit_inputs(&mut opened, &bound) {
            Ok(()) => self.run_body(opened, call),
            Err((at, clash)) => {
                if let Some(diagnostic) =
                    self.clash(&mut opened, signature, &bound, at, &clash, call)
                {
                    self.report(diagnostic);
                }
                wrong
            }
        }
    }

    /// Begins a use: checks that it is no use within itself and binds the parameters.
    pub fn open(
        &mut self,
        id: DefId,
        bound: &Bound,
        path: &str,
        owner: Owner,
        call: Span,
    ) -> Option<Opened> {
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return None;
        };
        if self.modules.is_broken(id) || !self.spend(call) {
            return None;
        }
        if self.calls.contains(&id) {
            let message = format!("`{}` contains itself", callable.name.text);
            self.report(
                Diagnostic::new(Code::E0205, message)
                    .at(call, "used within its own body")
                    .help("what repeats is another model, in a loop: `x -> for i in range(4) { Block(64) }`"),
            );
            return None;
        }
        let kind = match callable.kind {
            CallableKind::Model => FrameKind::Model,
            CallableKind::Loss => FrameKind::Loss,
            CallableKind::Fn => FrameKind::Function,
        };
        let mut frame = Frame::new(id.module, kind, path, owner);
        let mut given = bound.parameters.iter();
        for param in callable.params.iter().filter(|p| !types::is_tensor(&p.ty)) {
            let value = match (given.next().and_then(Option::as_ref), &param.default) {
                (Some(given), _) => self.parameter_value(param, given, callable)?,
                (None, Some(default)) => {
                    let value = self.expression(&mut frame, default);
                    let given = Given {
                        name: None,
                        value,
                        span: default.span,
                    };
                    self.parameter_value(param, &given, callable)?
                }
                (None, None) => Value::Poison,
            };
            frame.bind(&param.name.text, value, param.name.span);
        }
        frame.below = body::names_below(callable);
        Some(Opened {
            frame,
            ast: ast.clone(),
            id,
        })
    }

    fn parameter_value(
        &mut self,
        param: &ast::Param,
        given: &Given,
        callable: &ast::Callable,
    ) -> Option<Value> {
        let ty = param.ty.name.as_ref().map_or("", |name| name.text.as_str());
        let value = given.value.clone();
        let fits = match (ty, &value) {
            (_, Value::Poison) => return None,
            ("int" | "float", Value::Number(n)) if n.changes() => {
                ty == "float" && callable.kind != CallableKind::Model
            }
            ("int", Value::Number(n)) => n.as_int().is_some() || n.as_f64().is_none(),
            ("float", Value::Number(_)) => true,
            ("float", Value::Tensor(index)) => {
                callable.kind != CallableKind::Model && self.graph.tensor(*index).shape.rank() == 0
            }
            ("bool", Value::Bool(_)) | ("string", Value::Str(_)) | ("layer", Value::Layer(_)) => {
                true
            }
            ("list", Value::List(_) | Value::Tuple(_)) => true,
            _ => false,
        };
        if fits {
            return Some(match (ty, &value) {
                ("int", Value::Number(n)) => n.as_int().map_or(value.clone(), Value::int),
                _ => value,
            });
        }
        let wants = match ty {
            "int" => "a whole number",
            "float" => "a number",
            "bool" => "`true` or `false`",
            "list" => "a list",
            "layer" => "a layer",
            _ => "something else",
        };
        let message = format!(
            "`{}` of `{}` is {wants}, but {} is {}",
            param.name.text,
            callable.name.text,
            self.said(given),
            super::argument::described(&value)
        );
        self.report(
            Diagnostic::new(Code::E0224, message)
                .at(given.span, super::argument::described(&value))
                .note_at(
                    param.span,
                    format!("`{}` is declared here", param.name.text),
                ),
        );
        None
    }

    /// Fits the tensors of a use to the types of the inputs, in order; the first that does not fit.
    pub fn fit_inputs(&mut self, opened: &mut Opened, bound: &Bound) -> Result<(), (usize, Clash)> {
        let ast = opened.ast.clone();
        let ItemKind::Callable(callable) = &ast.items[opened.id.item].kind else {
            return Err((0, Clash::Poison));
        };
        let inputs: Vec<_> = signature::inputs(callable).collect();
        for (at, ((name, ty, default), given)) in inputs.iter().zip(&bound.inputs).enumerate() {
            let frame = &mut opened.frame;
            match given
                .as_ref()
                .map(|given| self.operand(given.value.clone()))
            {
                Some(Value::Tensor(index)) => {
                    let tensor = self.graph.tensor(index).clone();
                    self.fit(frame, ty, &tensor).map_err(|clash| (at, clash))?;
                    frame.bind(&name.text, Value::Tensor(index), name.span);
                }
                Some(number @ Value::Number(_)) if ty.name.is_none() => {
                    frame.bind(&name.text, number, name.span);
                }
                Some(Value::Poison) => return Err((at, Clash::Poison)),
                Some(_) => return Err((at, Clash::Element)),
                None => {
                    let value = default.map_or(Value::Poison, |d| self.expression(frame, d));
                    frame.bind(&name.text, value, name.span);
                }
            }
        }
        Ok(())
    }

    /// Words for a tensor that does not fit an input, at an ordinary call.
    fn clash(
        &mut self,
        opened: &mut Opened,
        signature: &Signature,
        bound: &Bound,
        at: usize,
        clash: &Clash,
        call: Span,
    ) -> Option<Diagnostic> {
        let given = bound.inputs[at].as_ref()?;
        let Value::Tensor(index) = self.operand(given.value.clone()) else {
            return None;
        };
        let tensor = self.graph.tensor(index).clone();
        let wanted = self.wanted(opened, at, clash)?;
        let message = format!(
            "`{}` takes {wanted} for `{}`, but gets {tensor}",
            signature.name, signature.inputs[at].name
        );
        let code = match clash {
            Clash::Element => Code::E0307,
            Clash::Bound { .. } => Code::E0306,
            _ => Code::E0302,
        };
        // in a chain the tensor is all that stands before; the step is what to look at
        let place = if given.span.end <= call.start {
            call
        } else {
            given.span
        };
        let diagnostic = Diagnostic::new(code, message).at(place, format!("gets {tensor}"));
        Some(match clash {
            Clash::Dim {
                wanted,
                name: Some(name),
                ..
            } if name.starts_with(char::is_uppercase) => {
                diagnostic.note(format!("`{name}` is {wanted} by an input before it"))
            }
            _ => diagnostic,
        })
    }

    /// The type of an input as messages show it.
    pub fn wanted(&self, opened: &Opened, at: usize, clash: &Clash) -> Option<String> {
        if *clash == Clash::Poison {
            return None;
        }
        let ast = opened.ast.clone();
        let ItemKind::Callable(callable) = &ast.items[opened.id.item].kind else {
            return None;
        };
        let ty = signature::inputs(callable).nth(at)?.1;
        Some(self.text(ty.span).to_string())
    }

    /// Follows the statements of a body whose inputs are bound.
    pub fn run_body(&mut self, opened: Opened, call: Span) -> Member {
        let Opened { mut frame, ast, id } = opened;
        let ItemKind::Callable(callable) = &ast.items[id.item].kind else {
            return Member::of(Value::Poison, call);
        };
        let before = self.modules.diagnostics.len();
        self.calls.push(id);
        let value = match &callable.body {
            Body::Block(statements) => self.block(&mut frame, callable, statements, call),
            Body::Expr(expr) => {
                frame.naming = self.naming(&mut frame, "", expr);
                let value = self.expression(&mut frame, expr);
                self.result(callable, value, expr.span)
            }
            Body::Error => Value::Poison,
        };
        self.calls.pop();
        self.place_in_use(before, id, &callable.name.text, call);
        let mut member = Member::of(value, call);
        if callable.kind == CallableKind::Model {
            member.inner = Some(self.instance(callable, frame, &mut member.value));
        }
        member
    }

    /// The parts of a model in use that can be tapped; several outputs make its value a record.
    fn instance(
        &mut self,
        callable: &ast::Callable,
        mut frame: Frame,
        value: &mut Value,
    ) -> Rc<Instance> {
        let outputs = match &*value {
            Value::Record(made) => made.outputs.clone(),
            other => vec![("output".to_string(), other.clone())],
        };
        let inputs = signature::inputs(callable).filter_map(|(name, ..)| {
            let value = frame.local(&name.text)?.clone();
            let given = matches!(value, Value::Tensor(_));
            given.then(|| (name.text.clone(), Member::of(value, name.span)))
        });
        let inputs = inputs.collect();
        let instance = Rc::new(Instance {
            model: callable.name.text.clone(),
            outputs,
            members: frame.members,
            inputs,
        });
        if let Value::Record(_) = value {
            // a model with one output is a tensor where it is used
            *value = match instance.outputs.as_slice() {
                [(_, only)] => only.clone(),
                _ => Value::Record(instance.clone()),
            };
        }
        instance
    }

    /// What goes wrong inside a body in one use only is told with that use; inside the standard library,
    /// at that use.
    fn place_in_use(&mut self, before: usize, id: DefId, name: &str, call: Span) {
        let module = self.modules.get(id.module);
        let (file, library) = (module.ast.id, module.from_library);
        if file == call.file && self.calls.is_empty() && self.checking_alone {
            return;
        }
        for diagnostic in &mut self.modules.diagnostics[before..] {
            let Some(place) = diagnostic.primary().filter(|place| place.file == file) else {
                continue;
            };
            if place == call {
                continue;
            }
            let told = diagnostic
                .notes
                .iter()
                .any(|n| n.text.starts_with("in this use"));
            if library && call.file != file {
                let label = diagnostic.labels.remove(0);
                let inside = format!("inside `{name}`: {}", label.text);
                diagnostic.labels.clear();
                let moved = diagnostic
                    .clone()
                    .at(call, format!("in this use of `{name}`"));
                *diagnostic = moved.note_at(label.span, inside);
            } else if !told {
                let noted = diagnostic.clone();
                *diagnostic = noted.note_at(call, format!("in this use of `{name}`"));
            }
        }
    }
}
