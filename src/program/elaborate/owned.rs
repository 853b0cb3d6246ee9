//! What a body owns besides its layers: `param` and `state`.

use super::{Elaborator, Frame, FrameKind, Naming};
use crate::diag::{Code, Diagnostic};
use crate::plan::Init;
use crate::program::graph::{Node, NodeIndex, Owner, Parameter, ParameterId, Start, What};
use crate::program::ops::parameter::{PARAMETER, ROLE};
use crate::program::ops::{Element, Tensor};
use crate::program::value::{Member, Value};
use crate::shape::{Dim, Shape};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, StmtKind};
use std::collections::BTreeMap;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owned {
    Param,
    State,
}

impl Owned {
    fn word(self) -> &'static str {
        match self {
            Owned::Param => "param",
            Owned::State => "state",
        }
    }
}

/// How a right side begins: a number or a draw, and then perhaps some steps.
struct Begin {
    init: Init,
    then: Option<Start>,
}

impl Elaborator<'_, '_> {
    /// `param name: [shape] = start` and `state name: [shape] = start`.
    pub(super) fn owned(
        &mut self,
        frame: &mut Frame,
        kind: Owned,
        (name, ty): (&ast::Name, &ast::Type),
        start: &Expr,
    ) {
        frame.below.retain(|(_, at)| *at != name.span);
        if !self.is_first(frame, name) {
            return;
        }
        let found = self.owned_value(frame, kind, (name, ty), start);
        let mut member = Member::of(Value::Poison, name.span);
        if let Some((id, node)) = found {
            member.value = Value::Tensor(node);
            if kind == Owned::State {
                frame.states.push((name.text.clone(), id));
            }
        }
        frame.bind(&name.text, member.value.clone(), name.span);
        frame.members.push((name.text.clone(), member));
    }

    fn owned_value(
        &mut self,
        frame: &mut Frame,
        kind: Owned,
        (name, ty): (&ast::Name, &ast::Type),
        start: &Expr,
    ) -> Option<(ParameterId, NodeIndex)> {
        if frame.kind == FrameKind::Function {
            let word = kind.word();
            let message = format!("a function owns nothing, so that it has no `{word}`");
            let diagnostic = Diagnostic::new(Code::E0204, message)
                .at(name.span, "in a function")
                .help("declare it in the model or loss that calls the function, and pass it on");
            self.report(diagnostic);
            return None;
        }
        let shape = self.owned_shape(frame, kind, ty)?;
        let begin = self.begin(frame, &frame.full(&name.text), start, &shape)?;
        let parameter = Parameter {
            name: frame.full(&name.text),
            owner: frame.owner.clone(),
            shape,
            init: begin.init,
            again: None,
            layer: None,
            then: begin.then,
            buffer: kind == Owned::State,
            span: name.span,
        };
        let id = self.enter(parameter)?;
        let node = self.parameter_node(frame.owner.clone(), id, name.span);
        self.graph.name(node, frame.full(&name.text));
        Some((id, node))
    }

    /// Reports what the body declares and then never mentions. What only some uses read is left out in the others.
    pub(super) fn unread(&mut self, callable: &ast::Callable, item: Span) {
        let ast::Body::Block(statements) = &callable.body else {
            return;
        };
        let text = self.text(item).to_string();
        for statement in statements {
            let (name, kind) = match &statement.kind {
                StmtKind::Param { name, .. } => (name, Owned::Param),
                StmtKind::State { name, .. } => (name, Owned::State),
                _ => continue,
            };
            if mentions(&text, &name.text) > 1 {
                continue;
            }
            let message = format!("nothing reads the `{}` `{}`", kind.word(), name.text);
            let diagnostic = Diagnostic::new(Code::W0408, message)
                .at(name.span, "never read")
                .help("remove it; it is not drawn, trained or saved");
            self.report(diagnostic);
        }
    }

    /// A tensor that is a parameter.
    pub(super) fn parameter_node(
        &mut self,
        owner: Owner,
        id: ParameterId,
        span: Span,
    ) -> NodeIndex {
        let parameter = self.graph.parameter(id);
        let node = Node {
            name: parameter.name.clone(),
            named: false,
            what: What::Operation {
                op: &PARAMETER,
                args: BTreeMap::new(),
                parameters: vec![(ROLE, id)],
                multiply_adds: 0,
            },
            tensor: Tensor::real(parameter.shape.0.clone()),
            owner,
            span,
        };
        self.graph.add(node, &[])
    }

    /// The size is known when compiled, or is that of the training data.
    fn owned_shape(&mut self, frame: &mut Frame, kind: Owned, ty: &ast::Type) -> Option<Shape> {
        let word = kind.word();
        let Some(shape) = ty.shape.as_ref().filter(|_| ty.name.is_none()) else {
            let message = format!("a `{word}` is a tensor of real numbers");
            let diagnostic = Diagnostic::new(Code::E0307, message)
                .at(ty.span, "not its shape")
                .help(format!("write its shape: `{word} name: [64] = zeros`"));
            self.report(diagnostic);
            return None;
        };
        let mut dims = Vec::new();
        for dim in &shape.dims {
            match dim {
                ast::Dim::Expr(expr) => dims.push(self.owned_dim(frame, word, expr)?),
                ast::Dim::Rest(name) => match frame.rests.iter().find(|(n, _)| *n == name.text) {
                    Some((_, rest)) => dims.extend(rest.clone()),
                    None => {
                        let what = format!("there is no `..{}` in sight", name.text);
                        let diagnostic = Diagnostic::new(Code::E0201, what);
                        self.report(diagnostic.at(name.span, "unknown name"));
                        return None;
                    }
                },
            }
        }
        Some(Shape(dims))
    }

    fn owned_dim(&mut self, frame: &mut Frame, word: &str, expr: &Expr) -> Option<Dim> {
        let number = match self.expression(frame, expr) {
            Value::Number(number) => number,
            other => {
                self.wrong_kind(&other, expr.span, "a dimension is a number");
                return None;
            }
        };
        let dim = number.dim().or_else(|| {
            let whole = number.as_int().and_then(|n| u64::try_from(n).ok());
            whole.map(Dim::Known)
        });
        let (message, label) = match dim {
            None => (
                format!("a dimension is a whole number, but this is {number}"),
                "not whole",
            ),
            Some(Dim::Known(0)) => ("a dimension is at least 1".to_string(), "nothing"),
            Some(dim) if self.checking_alone => return Some(dim),
            Some(Dim::Symbol { name, .. }) if &*name == "N" => (
                format!("a `{word}` cannot be as large as the batch, whose size changes"),
                "the batch",
            ),
            // a number that is computed from one that only the run knows
            Some(Dim::Unknown) => (
                format!("the size of a `{word}` must be known"),
                "known only in the run",
            ),
            Some(dim) => return Some(dim),
        };
        self.report(Diagnostic::new(Code::E0224, message).at(expr.span, label));
        None
    }

    fn begin(
        &mut self,
        frame: &mut Frame,
        name: &str,
        start: &Expr,
        shape: &Shape,
    ) -> Option<Begin> {
        let (head, steps) = match &start.bare().kind {
            ExprKind::Chain { head, steps } => (&**head, steps.as_slice()),
            _ => (start.bare(), &[][..]),
        };
        let init = self.initialiser(frame, head, shape)?;
        if steps.is_empty() {
            return Some(Begin { init, then: None });
        }
        let drawn = self.graph.add(
            Node {
                name: format!("{name}.drawn"),
                named: true,
                what: What::Field(format!("{name}.drawn")),
                tensor: Tensor::real(shape.0.clone()),
                owner: Owner::Data,
                span: head.span,
            },
            &[],
        );
        let owned_before = self.graph.parameters.len();
        let outer = std::mem::replace(&mut frame.naming, Naming::new(name, false));
        let value = self.steps(frame, Value::Tensor(drawn), head.span, steps);
        frame.naming = outer;
        let Value::Tensor(value) = self.operand(value) else {
            return None;
        };
        let got = self.graph.tensor(value).clone();
        let (code, message) = if self.graph.parameters.len() > owned_before {
            (Code::E0204, "a start has no layers of its own".to_string())
        } else if got.shape.differs(shape) || got.element != Element::Real {
            let message = format!("this is declared as {shape}, but starts as {got}");
            (Code::E0302, message)
        } else {
            let then = Some(Start { drawn, value });
            return Some(Begin { init, then });
        };
        self.report(Diagnostic::new(code, message).at(start.span, "the start"));
        None
    }
}

/// How often a name stands in a text, apart from comments.
fn mentions(text: &str, name: &str) -> usize {
    let code = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    code.flat_map(|code| code.split(|c| !is_word(c)))
        .filter(|word| *word == name)
        .count()
}
