//! How parameters start: the initialisers of `param` and `state`, and `init`, which starts a model's layers
//! otherwise than PyTorch's layers start by themselves.

use super::{Elaborator, Frame, FrameKind, join};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::Init;
use crate::program::graph::{Again, Parameter, ParameterId};
use crate::program::initial::{INITIALISERS, init_of};
use crate::program::ops;
use crate::program::value::Value;
use crate::shape::Shape;
use crate::syntax::ast::{Expr, ExprKind, Name, Stmt, StmtKind};
use std::ops::Range;

/// What an `init` is about.
enum Of {
    Operation(&'static str),
    /// What a name of the body owns, by the path in front of its parameters.
    Path(String),
}

impl Of {
    fn has(&self, parameter: &Parameter, body: &str) -> bool {
        let below = |path: &str| {
            let rest = parameter.name.strip_prefix(path);
            path.is_empty() || rest.is_some_and(|r| r.is_empty() || r.starts_with('.'))
        };
        match self {
            Of::Operation(name) => {
                below(body) && parameter.layer.is_some_and(|op| op.name == *name)
            }
            Of::Path(path) => below(path),
        }
    }
}

impl Elaborator<'_, '_> {
    /// A number, or a call of an initialiser, for a parameter of that shape.
    pub(super) fn initialiser(
        &mut self,
        frame: &mut Frame,
        head: &Expr,
        shape: &Shape,
    ) -> Option<Init> {
        let of_table = match &head.kind {
            ExprKind::Name(name) => self.is_free(frame, name),
            ExprKind::Call { callee, .. } => !matches!(&callee.kind,
                ExprKind::Name(name) if calculates(name)),
            _ => false,
        };
        if !of_table {
            return match self.expression(frame, head) {
                Value::Number(number) => Some(Init::Constant(number.as_f64().unwrap_or(0.0))),
                Value::Poison => None,
                other => {
                    let names = listed(INITIALISERS.iter().map(|i| i.name), 12);
                    let diagnostic = Diagnostic::new(
                        Code::E0204,
                        format!("a start is a number or an initialiser, but this is {}", other.kind()),
                    )
                    .at(head.span, other.kind())
                    .help(format!("the initialisers are {names}; steps may follow that of a `param` or `state`, as in `normal(1) -> l2norm(dim: 1)`"));
                    self.report(diagnostic);
                    None
                }
            };
        }
        let (found, settings) = self.declared(frame, INITIALISERS, "initialiser", head)?;
        let init = init_of(found.name, &settings, shape);
        if init.is_none() {
            let message = format!(
                "`{}` counts what goes in and out, but {shape} has fewer than two dimensions",
                found.name
            );
            let diagnostic = Diagnostic::new(Code::E0302, message)
                .at(head.span, format!("starts {shape}"))
                .help(
                    "start it with a number, or draw it by `normal`, `trunc_normal` or `uniform`",
                );
            self.report(diagnostic);
        }
        init
    }

    /// Whether neither the body nor the file defines a name.
    fn is_free(&mut self, frame: &mut Frame, name: &str) -> bool {
        frame.local(name).is_none() && self.modules.lookup(frame.module, name).is_none()
    }

    /// The `init`s of a body, in source order, once all its layers are there: those are `created` among the
    /// parameters. Of a body that is not `whole` layers may be missing after a mistake.
    pub(super) fn inits(
        &mut self,
        frame: &mut Frame,
        statements: &[Stmt],
        created: Range<usize>,
        whole: bool,
    ) {
        for statement in statements {
            let StmtKind::Init { of, role, value } = &statement.kind else {
                continue;
            };
            let what = (of, role.as_ref());
            let Some((kind, own)) = self.init_of_what(frame, of, created.clone()) else {
                continue;
            };
            let started = self.called(&kind, role.as_ref(), &own);
            if started.is_empty() && whole {
                self.nothing_starts(what, &kind, &own);
            }
            self.starts_by(frame, &kind, &started, value);
        }
    }

    /// Of what an `init` is about, the parameters that it means.
    fn called(&self, of: &Of, role: Option<&Name>, own: &[ParameterId]) -> Vec<ParameterId> {
        let called = |id: &ParameterId| match (role, of) {
            (Some(role), _) => self.role_of(*id) == role.text,
            (None, Of::Path(path)) => self.graph.parameter(*id).name == *path,
            (None, Of::Operation(_)) => false,
        };
        own.iter().copied().filter(called).collect()
    }

    fn starts_by(&mut self, frame: &mut Frame, of: &Of, started: &[ParameterId], value: &Expr) {
        let named = matches!(of, Of::Path(_));
        for id in started {
            let shape = self.graph.parameter(*id).shape.clone();
            let Some(init) = self.initialiser(frame, value, &shape) else {
                return;
            };
            let again = &mut self.graph.parameters[id.0].again;
            // what an inner model says of one layer holds against what an outer one says of all of a kind
            if named || again.as_ref().is_none_or(|again| !again.named) {
                *again = Some(Again { init, named });
            }
        }
    }

    /// `weight`
    fn role_of(&self, id: ParameterId) -> &str {
        let name = &self.graph.parameter(id).name;
        name.rsplit('.').next().unwrap_or_default()
    }

    /// What an `init` is about, with all that it owns.
    fn init_of_what(
        &mut self,
        frame: &Frame,
        name: &Name,
        created: Range<usize>,
    ) -> Option<(Of, Vec<ParameterId>)> {
        let of = match frame.kind {
            FrameKind::Function => {
                let message = "a function owns nothing, so that nothing of it starts";
                let diagnostic = Diagnostic::new(Code::E0204, message)
                    .at(name.span, "in a function")
                    .help("say it in the model or loss that calls the function");
                self.report(diagnostic);
                return None;
            }
            _ => self.init_target(frame, name)?,
        };
        let own = created
            .map(ParameterId)
            .filter(|id| of.has(self.graph.parameter(*id), &frame.path))
            .filter(|id| !self.graph.parameter(*id).buffer);
        let own = own.collect();
        Some((of, own))
    }

    fn init_target(&mut self, frame: &Frame, name: &Name) -> Option<Of> {
        let mut members = frame.members.iter();
        if let Some((_, member)) = members.find(|(member, _)| *member == name.text) {
            self.modules.link(name.span, member.span);
            return Some(Of::Path(join(&frame.path, &name.text)));
        }
        let owning = || ops::all().filter(|op| op.owns).map(|op| op.name);
        if let Some(op) = owning().find(|op| *op == name.text) {
            return Some(Of::Operation(op));
        }
        let diagnostic = match ops::find(&name.text) {
            Some(op) => {
                let message = format!("`{}` owns nothing that could start otherwise", op.name);
                Diagnostic::new(Code::E0204, message)
                    .at(name.span, "owns no parameters")
                    .help(format!("what has parameters is {}", listed(owning(), 12)))
            }
            None => {
                let message = format!("there is nothing called `{}` to start", name.text);
                let diagnostic =
                    Diagnostic::new(Code::E0201, message).at(name.span, "unknown name");
                let mut there: Vec<&str> = owning().collect();
                there.extend(frame.members.iter().map(|(member, _)| member.as_str()));
                match nearest(&name.text, there) {
                    Some(near) => diagnostic.replace(
                        format!("there is something with a similar name: `{near}`"),
                        name.span,
                        near,
                    ),
                    None => diagnostic.help(
                        "name an operation, as in `init conv2d.weight = …`, or a layer or `param` of this body",
                    ),
                }
            }
        };
        self.report(diagnostic);
        None
    }

    /// Reports an `init` that starts nothing. A use may leave the layers out that it is about, but not the model
    /// by itself.
    fn nothing_starts(
        &mut self,
        (name, role): (&Name, Option<&Name>),
        of: &Of,
        own: &[ParameterId],
    ) {
        let Some(role) = role else {
            let message = format!("`{}` is no `param`: say which parameter of it", name.text);
            let diagnostic = Diagnostic::new(Code::E0204, message).at(name.span, "a layer");
            self.report(diagnostic.help(format!("write `init {}.weight = …`", name.text)));
            return;
        };
        let mut there: Vec<&str> = own.iter().map(|id| self.role_of(*id)).collect();
        there.dedup();
        let whole = format!("{}.{}", name.text, role.text);
        let span = name.span.to(role.span);
        let diagnostic = match of {
            Of::Operation(_) if !ROLES.contains(&role.text.as_str()) => {
                let message = format!("no layer has a parameter called `{}`", role.text);
                let diagnostic =
                    Diagnostic::new(Code::E0201, message).at(role.span, "unknown name");
                match nearest(&role.text, ROLES) {
                    Some(near) => diagnostic.replace(format!("write `{near}`"), role.span, near),
                    None => diagnostic.help("layers have `weight` and `bias`"),
                }
            }
            _ if !self.by_itself() => return,
            _ => Diagnostic::new(
                Code::W0407,
                format!("nothing here has a parameter `{whole}`"),
            )
            .at(span, "starts nothing")
            .help(match there.as_slice() {
                [] => "remove it".to_string(),
                [one] => format!("there is `{one}`"),
                _ => format!("there are {}", listed(there, 8)),
            }),
        };
        self.report(diagnostic);
    }
}

/// What layers call their parameters.
const ROLES: [&str; 2] = ["weight", "bias"];

/// Whether a name is a function of numbers, which gives a number to start with.
fn calculates(name: &str) -> bool {
    [
        "sqrt", "log", "exp", "abs", "round", "min", "max", "div", "pow",
    ]
    .contains(&name)
}
