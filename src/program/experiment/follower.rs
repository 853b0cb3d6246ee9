//! Teachers that follow a student: `teacher slow = ema(light, decay: 0.999)`.

use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Arg, Follower};
use crate::program::elaborate::{Elaborator, Frame, FrameKind};
use crate::program::graph::Owner;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, ItemKind, Step};

/// What stands in the brackets of `ema(…)`, with the chain before it.
struct Ema<'a> {
    args: &'a [ast::Arg],
    span: Span,
    before: Option<(&'a Expr, &'a [Step])>,
}

const FORM: &str = "write `teacher slow = ema(light, decay: 0.999)`";

impl Elaborator<'_, '_> {
    /// A network that is declared as the running mean of a student, with that student's model in the place of
    /// `ema(…)`. The outer none: it is declared otherwise; the inner: it has a mistake, which has been reported.
    pub(super) fn follower(&mut self, network: &ast::Network) -> Option<Option<Expr>> {
        let value = network.value.as_ref()?;
        let ema = ema(value)?;
        Some(self.following(network, value, &ema))
    }

    fn following(&mut self, network: &ast::Network, value: &Expr, ema: &Ema) -> Option<Expr> {
        if network.role == ast::Role::Student {
            let message = format!(
                "`{}` follows a student and learns nothing itself",
                network.name.text
            );
            let diagnostic = Diagnostic::new(Code::E0204, message)
                .at(ema.span, "a running mean")
                .help("declare it as a `teacher`");
            self.report(diagnostic);
            return None;
        }
        let (student, decay) = match ema.args {
            [student] => (student, None),
            [student, decay] => (student, Some(decay)),
            _ => return self.no_ema("`ema` takes a student, and a decay", ema.span),
        };
        let of = match &student.value.kind {
            ExprKind::Name(name) => name.clone(),
            _ => return self.no_ema("`ema` follows a student of this file", student.value.span),
        };
        let model = self.model_of_student(&of, student.value.span)?;
        let decay = match decay {
            None => Arg::Number(0.999),
            Some(ast::Arg { name, value }) => {
                if name.as_ref().is_some_and(|name| name.text != "decay") {
                    return self.no_ema("`ema` takes a student, and a decay", ema.span);
                }
                let owner = Owner::Network(network.name.text.clone());
                let mut frame = Frame::new(self.root, FrameKind::File, "", owner);
                self.decay(&mut frame, value)?
            }
        };
        self.followers.push(Follower {
            network: network.name.text.clone(),
            of,
            decay,
        });
        Some(match ema.before {
            None => model,
            Some((head, steps)) => {
                let mut steps = steps.to_vec();
                steps.push(Step {
                    layer: model,
                    label: None,
                });
                let head = Box::new(head.clone());
                Expr {
                    kind: ExprKind::Chain { head, steps },
                    span: value.span,
                }
            }
        })
    }

    /// A student's model, without the fields that it takes.
    fn model_of_student(&mut self, name: &str, span: Span) -> Option<Expr> {
        let found = self.modules.lookup_at(self.root, name, span);
        let Some(Some(id)) = found else {
            return match found {
                None => self.no_student(&format!("there is no student `{name}`"), name, span),
                Some(_) => None,
            };
        };
        let (ast, at) = self.modules.item(id);
        match &ast.items[at].kind {
            ItemKind::Network(student) if student.role == ast::Role::Student => {
                let Some(value) = &student.value else {
                    let message =
                        format!("`{name}` does not state its model, which its mean needs");
                    return self.no_ema(&message, span);
                };
                Some(match &value.kind {
                    ExprKind::Chain { steps, .. } => steps.last()?.layer.clone(),
                    _ => value.clone(),
                })
            }
            _ => self.no_student(&format!("`{name}` is no student of this file"), name, span),
        }
    }

    /// Says which students there are.
    fn no_student<T>(&mut self, message: &str, name: &str, span: Span) -> Option<T> {
        let file = self.modules.get(self.root).ast.clone();
        let students = || {
            file.items.iter().filter_map(|item| match &item.kind {
                ItemKind::Network(network) if network.role == ast::Role::Student => {
                    Some(network.name.text.as_str())
                }
                _ => None,
            })
        };
        let diagnostic = Diagnostic::new(Code::E0224, message).at(span, "no student");
        let only = students().next().filter(|_| students().count() == 1);
        self.report(match nearest(name, students()).or(only) {
            Some(meant) => {
                diagnostic.replace(format!("there is the student `{meant}`"), span, meant)
            }
            None if students().next().is_some() => {
                diagnostic.help(format!("the students are {}", listed(students(), 8)))
            }
            None => diagnostic.help(FORM),
        });
        None
    }

    fn no_ema<T>(&mut self, message: &str, span: Span) -> Option<T> {
        self.report(
            Diagnostic::new(Code::E0224, message)
                .at(span, "here")
                .help(FORM),
        );
        None
    }
}

fn ema(value: &Expr) -> Option<Ema<'_>> {
    let (last, before) = match &value.kind {
        ExprKind::Chain { head, steps } => {
            let (last, before) = steps.split_last()?;
            (&last.layer, Some((&**head, before)))
        }
        _ => (value, None),
    };
    match &last.kind {
        ExprKind::Call { callee, args } if callee.is_name("ema") => Some(Ema {
            args,
            span: last.span,
            before,
        }),
        _ => None,
    }
}
