//! Bodies: statement by statement, to what they give.

use super::owned::Owned;
use super::{Elaborator, Frame};
use crate::diag::{Code, Diagnostic};
use crate::program::ops::Element;
use crate::program::value::{Instance, Layer, Member, Value};
use crate::source::Span;
use crate::syntax::ast::{self, Body, CallableKind, Pattern, Stmt, StmtKind};
use std::rc::Rc;

impl Elaborator<'_, '_> {
    pub(super) fn block(
        &mut self,
        frame: &mut Frame,
        callable: &ast::Callable,
        statements: &[Stmt],
        call: Span,
    ) -> Value {
        let mut outputs: Vec<(Option<&ast::Name>, Value, Span)> = Vec::new();
        let first_own = self.graph.parameters.len();
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
                StmtKind::Param { name, ty, value } => {
                    self.owned(frame, Owned::Param, (name, ty), value);
                }
                StmtKind::State { name, ty, value } => {
                    self.owned(frame, Owned::State, (name, ty), value);
                }
                StmtKind::Update { name, index, value } => {
                    self.update(frame, name, index.as_deref(), value);
                }
                StmtKind::Input { .. } | StmtKind::Init { .. } | StmtKind::Error => {}
            }
            if self.fuel == 0 {
                return Value::Poison;
            }
        }
        let whole = outputs.iter().all(|(_, value, _)| !value.is_poison());
        let own = first_own..self.graph.parameters.len();
        self.inits(frame, statements, own, whole);
        let broken = statements.iter().any(|s| matches!(s.kind, StmtKind::Error));
        self.outcome(callable, outputs, broken)
    }

    fn binding(&mut self, frame: &mut Frame, pattern: &Pattern, expr: &ast::Expr) {
        let names = pattern.names();
        let prefix = names.first().map_or("", |name| name.text.as_str());
        let span = match pattern {
            Pattern::Name(name) => name.span,
            Pattern::Tuple(_, span) => *span,
        };
        let (value, member) = self.named_value(frame, prefix, expr);
        frame.below.retain(|(_, at)| !span.contains(*at));
        if !names.into_iter().all(|name| self.is_first(frame, name)) {
            return;
        }
        let value = match (pattern, value) {
            (Pattern::Name(name), layer @ Value::Layer(_)) => Value::Layer(Rc::new(Layer::Named {
                name: name.text.clone(),
                layer,
                path: frame.path.clone(),
                owner: frame.owner.clone(),
            })),
            (_, value) => value,
        };
        self.bind_pattern(frame, pattern, value.clone(), expr.span);
        match (pattern, &value) {
            (Pattern::Name(name), _) => {
                self.give_name(frame, &name.text, &value);
                let span = name.span;
                let member = Member { span, ..member };
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
        if self.is_plain_chain(frame, expr) {
            member.layers = Some(Rc::new(naming.row));
        }
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
    pub(super) fn is_first(&mut self, frame: &Frame, name: &ast::Name) -> bool {
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
            let span = name.span;
            let member = Member { span, ..member };
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
            // of a number that only the run knows
            Value::Tensor(index) if self.graph.tensor(index).element == Element::Bool => true,
            other => {
                self.wrong_kind(&other, condition.span, "`require` needs a truth value");
                false
            }
        }
    }

    /// Whether the text of the definition that is followed has mistakes: an output may be lost in one.
    fn is_misread(&self) -> bool {
        let Some(id) = self.calls.last() else {
            return false;
        };
        let (ast, at) = self.modules.item(*id);
        let text = ast.items[at].span;
        let inside = |d: &Diagnostic| {
            d.code.is_syntax() && d.primary().is_some_and(|place| text.contains(place))
        };
        self.modules.diagnostics.iter().any(inside)
    }

    /// What a body gives, from its outputs.
    fn outcome(
        &mut self,
        callable: &ast::Callable,
        outputs: Vec<(Option<&ast::Name>, Value, Span)>,
        broken: bool,
    ) -> Value {
        let name = &callable.name;
        let broken = broken || self.is_misread();
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
            several if callable.kind != CallableKind::Model => wrong(
                format!("`{}` has more than one output", name.text),
                several[1].2,
                "one too many",
                "losses and functions give one value",
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
                    inputs: Vec::new(),
                }))
            }
        }
    }

    /// A loss gives one number.
    pub(super) fn result(&mut self, callable: &ast::Callable, value: Value, span: Span) -> Value {
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
}

/// The names that a body binds.
pub fn names_below(callable: &ast::Callable) -> Vec<(String, Span)> {
    let Body::Block(statements) = &callable.body else {
        return Vec::new();
    };
    let mut below = Vec::new();
    for statement in statements {
        match &statement.kind {
            StmtKind::Bind { pattern, .. } => {
                let names = pattern.names().into_iter();
                below.extend(names.map(|n| (n.text.clone(), n.span)));
            }
            StmtKind::Output {
                name: Some(name), ..
            }
            | StmtKind::Param { name, .. }
            | StmtKind::State { name, .. } => below.push((name.text.clone(), name.span)),
            _ => {}
        }
    }
    below
}
