//! Models, losses and functions: their signatures, and their bodies in each use.

use super::types::{self, Clash};
use super::{Bound, Elaborator, Frame, FrameKind};
use crate::diag::{Code, Diagnostic};
use crate::program::graph::Owner;
use crate::program::load::DefId;
use crate::program::number::Number;
use crate::program::ops::{Default, Element, Tensor};
use crate::program::value::{Callee, Given, Instance, Layer, Member, Value};
use crate::source::Span;
use crate::syntax::ast::{self, Body, CallableKind, ItemKind, Pattern, Stmt, StmtKind};
use std::rc::Rc;

/// What a call may fill.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub inputs: Vec<Slot>,
    pub parameters: Vec<Slot>,
    /// The only input takes any number of tensors as a tuple.
    pub many: bool,
    written: String,
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub name: String,
    pub optional: bool,
    pub positional: bool,
}

impl Signature {
    /// Of a call that takes no tensors.
    pub fn of_parameters(name: &str, parameters: Vec<Slot>, written: String) -> Signature {
        Signature {
            name: name.to_string(),
            inputs: Vec::new(),
            parameters,
            many: false,
            written,
        }
    }

    pub fn input(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|slot| slot.name == name)
    }

    pub fn parameter(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|slot| slot.name == name)
    }

    /// As one reads it: `soft_target(student: [N, C], teacher: [N, C], T: float = 2.0)`.
    pub fn written(&self) -> String {
        format!("it is `{}`", self.written)
    }

    /// The inputs without a default that have no tensor.
    pub fn missing<'a>(&'a self, bound: &'a Bound) -> impl Iterator<Item = &'a str> {
        self.inputs
            .iter()
            .zip(&bound.inputs)
            .filter(|(slot, given)| given.is_none() && !slot.optional)
            .map(|(slot, _)| slot.name.as_str())
    }
}

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

    pub fn signature(&self, callee: Callee) -> Rc<Signature> {
        match callee {
            Callee::Operation(op) => Rc::new(Signature {
                name: op.name.to_string(),
                inputs: op
                    .inputs
                    .iter()
                    .map(|i| slot(i.name, false, true))
                    .collect(),
                parameters: op
                    .arguments
                    .iter()
                    .map(|a| slot(a.name, a.default != Default::Required, a.positional))
                    .collect(),
                many: op.inputs.iter().any(|input| input.many),
                written: op.signature(),
            }),
            Callee::Definition(id) => {
                let (ast, at) = self.modules.item(id);
                match &ast.items[at].kind {
                    ItemKind::Callable(callable) => Rc::new(self.definition_signature(callable)),
                    _ => Rc::new(Signature {
                        name: String::new(),
                        inputs: Vec::new(),
                        parameters: Vec::new(),
                        many: false,
                        written: String::new(),
                    }),
                }
            }
        }
    }

    fn definition_signature(&self, callable: &ast::Callable) -> Signature {
        let (tensors, others): (Vec<&ast::Param>, Vec<&ast::Param>) = callable
            .params
            .iter()
            .partition(|p| types::is_tensor(&p.ty));
        let mut inputs: Vec<Slot> = tensors
            .iter()
            .map(|p| slot(&p.name.text, p.default.is_some(), true))
            .collect();
        inputs.extend(
            input_statements(callable)
                .map(|(name, _, default)| slot(&name.text, default.is_some(), true)),
        );
        let params: Vec<&str> = callable.params.iter().map(|p| self.text(p.span)).collect();
        Signature {
            name: callable.name.text.clone(),
            inputs,
            parameters: others
                .iter()
                .map(|p| slot(&p.name.text, p.default.is_some(), true))
                .collect(),
            many: false,
            written: format!("{}({})", callable.name.text, params.join(", ")),
        }
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
            self.report(Diagnostic::new(Code::E0205, message).at(call, "used within its own body"));
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
                (None, Some(default)) => self.expression(&mut frame, default),
                (None, None) => Value::Poison,
            };
            frame.bind(&param.name.text, value, param.name.span);
        }
        frame.below = names_below(callable);
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
            "`{}` of `{}` is {wants}, but this is {}",
            param.name.text,
            callable.name.text,
            super::operation::described(&value)
        );
        self.report(
            Diagnostic::new(Code::E0224, message)
                .at(given.span, super::operation::described(&value))
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
        let inputs: Vec<_> = inputs(callable).collect();
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

    /// The type of an input as messages show it, with what is known of its names put in.
    pub fn wanted(&mut self, opened: &mut Opened, at: usize, clash: &Clash) -> Option<String> {
        if *clash == Clash::Poison {
            return None;
        }
        let ast = opened.ast.clone();
        let ItemKind::Callable(callable) = &ast.items[opened.id.item].kind else {
            return None;
        };
        let ty = inputs(callable).nth(at)?.1;
        Some(self.shown(&mut opened.frame, ty))
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
        frame: Frame,
        value: &mut Value,
    ) -> Rc<Instance> {
        let outputs = match &*value {
            Value::Record(made) => made.outputs.clone(),
            other => vec![("output".to_string(), other.clone())],
        };
        let instance = Rc::new(Instance {
            model: callable.name.text.clone(),
            outputs,
            members: frame.members,
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

    fn block(
        &mut self,
        frame: &mut Frame,
        callable: &ast::Callable,
        statements: &[Stmt],
        call: Span,
    ) -> Value {
        let mut outputs: Vec<(Option<&ast::Name>, Value, Span)> = Vec::new();
        for statement in statements {
            match &statement.kind {
                StmtKind::Bind { pattern, value } => self.binding(frame, pattern, value),
                StmtKind::Output { name, value } => {
                    let result = self.output(frame, name.as_ref(), value);
                    outputs.push((name.as_ref(), result, statement.span));
                }
                StmtKind::Require { condition, message } => {
                    if !self.require(frame, callable, condition, message.as_ref(), call) {
                        return Value::Poison;
                    }
                }
                StmtKind::Param { name, .. } | StmtKind::State { name, .. } => {
                    let what = match &statement.kind {
                        StmtKind::Param { .. } => "`param`",
                        _ => "`state`",
                    };
                    self.not_yet(what, statement.span);
                    frame.bind(&name.text, Value::Poison, name.span);
                }
                StmtKind::Update { .. } => {
                    self.not_yet("`update`", statement.span);
                }
                StmtKind::Input { .. } | StmtKind::Error => {}
            }
            if self.fuel == 0 {
                return Value::Poison;
            }
        }
        let broken = statements.iter().any(|s| matches!(s.kind, StmtKind::Error));
        self.outcome(callable, outputs, broken)
    }

    fn binding(&mut self, frame: &mut Frame, pattern: &Pattern, expr: &ast::Expr) {
        let (prefix, span) = match pattern {
            Pattern::Name(name) => (name.text.as_str(), name.span),
            Pattern::Tuple(names, span) => (names.first().map_or("", |n| n.text.as_str()), *span),
        };
        let (value, member) = self.named_value(frame, prefix, expr);
        frame.below.retain(|(_, at)| !span.contains(*at));
        let names: Vec<&ast::Name> = match pattern {
            Pattern::Name(name) => vec![name],
            Pattern::Tuple(names, _) => names.iter().collect(),
        };
        if !names.into_iter().all(|name| self.is_first(frame, name)) {
            return;
        }
        let value = match (pattern, value) {
            (Pattern::Name(name), layer @ Value::Layer(_)) => Value::Layer(Rc::new(Layer::Named {
                name: name.text.clone(),
                layer,
            })),
            (_, value) => value,
        };
        self.bind_pattern(frame, pattern, value.clone(), expr.span);
        match (pattern, &value) {
            (Pattern::Name(name), _) => {
                self.give_name(frame, &name.text, &value);
                frame.members.push((name.text.clone(), member));
            }
            (Pattern::Tuple(names, _), _) => {
                for name in names {
                    let part = frame.local(&name.text).cloned().unwrap_or(Value::Poison);
                    self.give_name(frame, &name.text, &part);
                    frame
                        .members
                        .push((name.text.clone(), Member::of(part, name.span)));
                }
            }
        }
    }

    /// The value of a right-hand side whose steps are named by `prefix`, and what can be tapped in it.
    pub fn named_value(
        &mut self,
        frame: &mut Frame,
        prefix: &str,
        expr: &ast::Expr,
    ) -> (Value, Member) {
        let naming = self.naming(frame, prefix, expr);
        let outer = std::mem::replace(&mut frame.naming, naming);
        let value = self.expression(frame, expr);
        let naming = std::mem::replace(&mut frame.naming, outer);
        let mut member = Member::of(value.clone(), expr.span);
        if let [only] = naming.steps.as_slice() {
            member.inner.clone_from(&only.inner);
            member.parameters.clone_from(&only.parameters);
        }
        member.steps = naming.steps;
        frame.members.extend(naming.labelled);
        (value, member)
    }

    fn give_name(&mut self, frame: &Frame, name: &str, value: &Value) {
        if let Value::Tensor(index) = value {
            let full = frame.full(name);
            self.graph.name(*index, full);
        }
    }

    /// Each name of a body is bound once; the first stays.
    fn is_first(&mut self, frame: &Frame, name: &ast::Name) -> bool {
        let first = frame.locals.iter().find(|l| l.name == name.text);
        if let Some(first) = first {
            let diagnostic = Diagnostic::new(
                Code::E0202,
                format!("`{}` is defined twice in this body", name.text),
            )
            .at(name.span, "defined again")
            .also(first.span, "first here")
            .help("a name stands for one value: give the second another name");
            self.report(diagnostic);
        }
        first.is_none()
    }

    fn output(&mut self, frame: &mut Frame, name: Option<&ast::Name>, expr: &ast::Expr) -> Value {
        let prefix = name.map_or("", |name| name.text.as_str());
        let (value, member) = self.named_value(frame, prefix, expr);
        let value = self.operand(value);
        if let Some(name) = name {
            frame.below.retain(|(_, at)| *at != name.span);
            if !self.is_first(frame, name) {
                return value;
            }
            frame.bind(&name.text, value.clone(), name.span);
            frame.members.push((name.text.clone(), member));
            if let Value::Tensor(index) = value {
                let full = frame.full(&name.text);
                self.graph.rename(index, full);
            }
        }
        value
    }

    fn require(
        &mut self,
        frame: &mut Frame,
        callable: &ast::Callable,
        condition: &ast::Expr,
        message: Option<&ast::Str>,
        call: Span,
    ) -> bool {
        match self.expression(frame, condition) {
            Value::Bool(Some(false)) => {
                let said = match message {
                    Some(message) => message.text.clone(),
                    None => format!("`{}` does not hold", self.text(condition.span)),
                };
                let message = format!("`{}` cannot be made like this: {said}", callable.name.text);
                let diagnostic = Diagnostic::new(Code::E0226, message)
                    .at(call, "with these arguments")
                    .note_at(condition.span, "this must hold");
                self.report(diagnostic);
                false
            }
            Value::Bool(_) => true,
            Value::Poison => false,
            other => {
                self.wrong_kind(&other, condition.span, "`require` needs a truth value");
                false
            }
        }
    }

    /// What a body gives, from its outputs.
    fn outcome(
        &mut self,
        callable: &ast::Callable,
        outputs: Vec<(Option<&ast::Name>, Value, Span)>,
        broken: bool,
    ) -> Value {
        let name = &callable.name;
        let mut wrong = |message: String, span: Span, label: &str, help: &str| {
            let diagnostic = Diagnostic::new(Code::E0228, message)
                .at(span, label)
                .help(help);
            self.report(diagnostic);
            Value::Poison
        };
        match outputs.as_slice() {
            [] if broken => Value::Poison,
            [] => wrong(
                format!("`{}` has no output", name.text),
                name.span,
                "gives nothing",
                "end its body with `output value`",
            ),
            [(None, value, span)] => {
                let (value, span) = (value.clone(), *span);
                self.result(callable, value, span)
            }
            [(Some(output), _, span)] if callable.kind != CallableKind::Model => wrong(
                format!(
                    "the output of `{}` has a name, `{}`",
                    name.text, output.text
                ),
                *span,
                "named",
                "losses and functions give one value: write `output value`",
            ),
            several => {
                if let Some((_, _, span)) = several.iter().find(|(name, ..)| name.is_none()) {
                    return wrong(
                        format!(
                            "`{}` has several outputs, one of them without a name",
                            name.text
                        ),
                        *span,
                        "without a name",
                        "write `output name = value`",
                    );
                }
                if callable.kind != CallableKind::Model {
                    let (_, _, span) = &several[1];
                    return wrong(
                        format!("`{}` has more than one output", name.text),
                        *span,
                        "one too many",
                        "losses and functions give one value",
                    );
                }
                let named = several
                    .iter()
                    .filter_map(|(name, value, _)| {
                        Some((name.as_ref()?.text.clone(), value.clone()))
                    })
                    .collect();
                Value::Record(Rc::new(Instance {
                    model: name.text.clone(),
                    outputs: named,
                    members: Vec::new(),
                }))
            }
        }
    }

    /// A loss gives one number.
    fn result(&mut self, callable: &ast::Callable, value: Value, span: Span) -> Value {
        if callable.kind != CallableKind::Loss {
            return value;
        }
        let got = match &value {
            Value::Tensor(index) => self.graph.tensor(*index).clone(),
            Value::Poison => return Value::Poison,
            other => {
                let needs = format!(
                    "the loss `{}` must give one number for the batch",
                    callable.name.text
                );
                let other = other.clone();
                return self.wrong_kind(&other, span, &needs);
            }
        };
        if got.shape.rank() == 0 && matches!(got.element, Element::Real) {
            return value;
        }
        let message = format!(
            "the loss `{}` gives {got}, but a loss is one number",
            callable.name.text
        );
        let diagnostic = Diagnostic::new(Code::E0308, message)
            .at(span, format!("this is {got}"))
            .help("take the mean over what is left, e.g. `output mean(…)`");
        self.poison(diagnostic)
    }

    /// What goes wrong inside a body in one use only is told with that use; inside the standard library,
    /// at that use.
    fn place_in_use(&mut self, before: usize, id: DefId, name: &str, call: Span) {
        let module = self.modules.get(id.module);
        let (file, library) = (module.ast.id, module.from_library);
        if file == call.file && self.calls.is_empty() && !self.in_use() {
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

    fn in_use(&self) -> bool {
        !self.checking_alone
    }

    /// Checks a definition by itself: with its defaults, and symbols for what its users decide. Whether it
    /// is free of errors.
    pub fn check_alone(&mut self, id: DefId) -> bool {
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return true;
        };
        let before = self.modules.diagnostics.len();
        self.checking_alone = true;
        let parameters = callable
            .params
            .iter()
            .filter(|p| !types::is_tensor(&p.ty))
            .map(|p| {
                self.known_type(&p.ty);
                p.default.is_none().then(|| Given {
                    name: None,
                    value: undecided(&p.ty),
                    span: p.span,
                })
            })
            .collect();
        let bound = Bound {
            inputs: Vec::new(),
            parameters,
        };
        let call = callable.name.span;
        if let Some(mut opened) = self.open_alone(id, &bound, call)
            && self.symbolic_inputs(&mut opened, callable)
        {
            self.run_body(opened, call);
        }
        self.checking_alone = false;
        let errors = |d: &Diagnostic| d.severity == crate::diag::Severity::Error;
        !self.modules.diagnostics[before..].iter().any(errors)
    }

    fn open_alone(&mut self, id: DefId, bound: &Bound, call: Span) -> Option<Opened> {
        let owner = Owner::Network(String::new());
        // unknown values must not count as a missing argument
        let (ast, at) = self.modules.item(id);
        let ItemKind::Callable(callable) = &ast.items[at].kind else {
            return None;
        };
        let given: Vec<Value> = bound
            .parameters
            .iter()
            .map(|given| given.as_ref().map_or(Value::None, |g| g.value.clone()))
            .collect();
        let defaults = Bound {
            inputs: Vec::new(),
            parameters: vec![None; given.len()],
        };
        let mut opened = self.open(id, &defaults, "", owner, call)?;
        let names = callable.params.iter().filter(|p| !types::is_tensor(&p.ty));
        for (param, value) in names.zip(given) {
            if let (true, Some(local)) = (
                param.default.is_none(),
                opened
                    .frame
                    .locals
                    .iter_mut()
                    .find(|l| l.name == param.name.text),
            ) {
                local.value = value;
            }
        }
        Some(opened)
    }

    fn symbolic_inputs(&mut self, opened: &mut Opened, callable: &ast::Callable) -> bool {
        let mut fine = true;
        for (name, ty, _) in inputs(callable) {
            self.known_type(ty);
            let frame = &mut opened.frame;
            match self.symbolic(frame, ty) {
                Some(tensor) => {
                    let node = self.placeholder(&name.text, tensor, name.span);
                    frame.bind(&name.text, Value::Tensor(node), name.span);
                }
                None => {
                    frame.bind(&name.text, Value::Poison, name.span);
                    fine = false;
                }
            }
        }
        fine
    }

    fn placeholder(
        &mut self,
        name: &str,
        tensor: Tensor,
        span: Span,
    ) -> crate::program::graph::NodeIndex {
        let node = crate::program::graph::Node {
            name: name.to_string(),
            named: true,
            what: crate::program::graph::What::Field(name.to_string()),
            tensor,
            owner: Owner::Data,
            span,
        };
        self.graph.add(node, &[])
    }

    /// Reports a type whose name is none.
    fn known_type(&mut self, ty: &ast::Type) {
        const TYPES: [&str; 9] = [
            "int",
            "float",
            "bool",
            "string",
            "list",
            "layer",
            "class",
            "id",
            "probability",
        ];
        let Some(name) = ty
            .name
            .as_ref()
            .filter(|n| !TYPES.contains(&n.text.as_str()))
        else {
            return;
        };
        let diagnostic = Diagnostic::new(Code::E0201, format!("there is no type `{}`", name.text))
            .at(name.span, "unknown type");
        let diagnostic = match crate::diag::suggest::nearest(&name.text, TYPES) {
            Some(near) => diagnostic.replace(
                format!("there is a type with a similar name: `{near}`"),
                name.span,
                near,
            ),
            None => diagnostic.help("a tensor's type is its shape, `[N, C, H, W]`; others are `int`, `float`, `bool`, `list(int)`, `layer`, `class(C)`, `id(V)`"),
        };
        self.report(diagnostic);
    }
}

fn slot(name: &str, optional: bool, positional: bool) -> Slot {
    Slot {
        name: name.to_string(),
        optional,
        positional,
    }
}

type Input<'a> = (&'a ast::Name, &'a ast::Type, Option<&'a ast::Expr>);

fn input_statements(callable: &ast::Callable) -> impl Iterator<Item = Input<'_>> {
    let statements = match &callable.body {
        Body::Block(statements) => statements.as_slice(),
        _ => &[],
    };
    statements
        .iter()
        .filter_map(|statement| match &statement.kind {
            StmtKind::Input { name, ty, default } => Some((name, ty, default.as_ref())),
            _ => None,
        })
}

/// All tensor inputs: those of the signature, then the `input` statements.
fn inputs(callable: &ast::Callable) -> impl Iterator<Item = Input<'_>> {
    callable
        .params
        .iter()
        .filter(|p| types::is_tensor(&p.ty))
        .map(|p| (&p.name, &p.ty, p.default.as_ref()))
        .chain(input_statements(callable))
}

/// The names that a body binds.
fn names_below(callable: &ast::Callable) -> Vec<(String, Span)> {
    let Body::Block(statements) = &callable.body else {
        return Vec::new();
    };
    let mut below = Vec::new();
    for statement in statements {
        match &statement.kind {
            StmtKind::Bind { pattern, .. } => match pattern {
                Pattern::Name(name) => below.push((name.text.clone(), name.span)),
                Pattern::Tuple(names, _) => {
                    below.extend(names.iter().map(|n| (n.text.clone(), n.span)));
                }
            },
            StmtKind::Output {
                name: Some(name), ..
            } => below.push((name.text.clone(), name.span)),
            _ => {}
        }
    }
    below
}

/// What a parameter without a default is while its definition is checked by itself.
fn undecided(ty: &ast::Type) -> Value {
    match ty.name.as_ref().map(|name| name.text.as_str()) {
        Some("int" | "float") => Value::Number(Number::Unknown),
        Some("bool") => Value::Bool(None),
        _ => Value::Poison,
    }
}
