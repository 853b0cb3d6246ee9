//! Calls that declare something instead of computing a tensor: data sources, transforms, optimizers.

mod settings;
mod wants;

pub use settings::{Settings, rate};
pub use wants::Wants;

use super::elaborate::{Elaborator, Frame, Signature, Slot};
use super::foreign;
use super::number::Number;
use super::value::{Given, Value};
use crate::diag::suggest::{listed, nearest};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind};

/// One such function.
pub struct Declared {
    pub name: &'static str,
    pub doc: &'static str,
    pub parameters: &'static [Parameter],
}

pub struct Parameter {
    pub name: &'static str,
    pub wants: Wants,
    pub optional: bool,
    /// Whether it may be given without its name.
    pub positional: bool,
    pub doc: &'static str,
}

impl Parameter {
    pub const fn required(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
        Parameter {
            name,
            wants,
            optional: false,
            positional: false,
            doc,
        }
    }

    pub const fn optional(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
        Parameter {
            optional: true,
            ..Parameter::required(name, wants, doc)
        }
    }

    pub const fn positional(self) -> Parameter {
        Parameter {
            positional: true,
            ..self
        }
    }
}

impl Elaborator<'_, '_> {
    /// Reads a call such as `batch(128)` of one of the functions of a table. `what` names the table:
    /// "data source". None when something is wrong, which has been reported.
    pub fn declared(
        &mut self,
        frame: &mut Frame,
        table: &'static [Declared],
        what: &str,
        expr: &Expr,
    ) -> Option<(&'static Declared, Settings)> {
        let (name, args, at): (&str, &[Arg], Span) = match &expr.kind {
            ExprKind::Call { callee, args } => match &callee.kind {
                ExprKind::Name(name) => (name, args, callee.span),
                _ => return self.no_declared(table, what, expr),
            },
            ExprKind::Name(name) => (name, &[], expr.span),
            ExprKind::Error => return None,
            _ => return self.no_declared(table, what, expr),
        };
        let Some(found) = table.iter().find(|declared| declared.name == name) else {
            let diagnostic = unknown(name, at, table, what);
            self.report(diagnostic);
            return None;
        };
        Some((found, self.settings(frame, found, args, expr.span)?))
    }

    /// The arguments of a call of a declared function.
    pub fn settings(
        &mut self,
        frame: &mut Frame,
        found: &'static Declared,
        args: &[Arg],
        span: Span,
    ) -> Option<Settings> {
        let signature = signature(found);
        let chains = found.parameters.iter().any(|p| p.wants == Wants::Chain);
        let given = args
            .iter()
            .map(|arg| Given {
                name: arg.name.as_ref().map(|n| (n.text.clone(), n.span)),
                value: match &arg.value.kind {
                    _ if chains => Value::Word("chain".into()),
                    ExprKind::Name(word) if takes_word(found, arg) => {
                        Value::Word(word.as_str().into())
                    }
                    _ => self.expression(frame, &arg.value),
                },
                span: arg.value.span,
            })
            .collect();
        let bound = self.bound(&signature, given, span)?;
        if !self.complete(&signature, &bound, span) {
            return None;
        }
        let mut values = Vec::new();
        for (parameter, given) in found.parameters.iter().zip(bound.parameters) {
            let Some(given) = given else { continue };
            let open = self.is_open(&given.value);
            if let (Err(needs), false) = (parameter.wants.check(&given.value), open) {
                let message = format!("`{}` of `{}` {needs}", parameter.name, found.name);
                let code = match (parameter.wants, &given.value) {
                    (Wants::Statistics, _) => Code::E0224,
                    (wants, Value::Number(_)) if wants.is_number() => Code::E0223,
                    _ => Code::E0224,
                };
                let label = match code {
                    Code::E0223 => "out of range",
                    _ => given.value.kind(),
                };
                let diagnostic = Diagnostic::new(code, message).at(given.span, label);
                self.report(diagnostic.note(parameter.doc));
                return None;
            }
            values.push((parameter.name, given.value, given.span));
        }
        Some(Settings { values })
    }

    /// Whether whoever uses the model or loss that is being checked decides the value.
    fn is_open(&self, value: &Value) -> bool {
        match value {
            Value::Number(Number::Unknown) => true,
            Value::Number(Number::Symbolic { .. }) => self.checking_alone,
            _ => false,
        }
    }

    fn no_declared(
        &mut self,
        table: &[Declared],
        what: &str,
        expr: &Expr,
    ) -> Option<(&'static Declared, Settings)> {
        let callee = match &expr.kind {
            ExprKind::Call { callee, .. } => callee,
            _ => expr,
        };
        if let ExprKind::Member { name, .. } = &callee.kind {
            let diagnostic = unknown(&name.text, callee.span, table, what);
            self.report(diagnostic);
            return None;
        }
        self.report(
            Diagnostic::new(
                Code::E0204,
                format!("{} {what} is needed here", article(what)),
            )
            .at(expr.span, format!("no {what}"))
            .help(those(table)),
        );
        None
    }
}

/// Whether a name as an argument stands for itself.
fn takes_word(found: &Declared, arg: &Arg) -> bool {
    let name = arg.name.as_ref().map(|name| name.text.as_str());
    found.parameters.iter().any(|p| match p.wants {
        Wants::Word(_) => name == Some(p.name),
        // whoever takes a field takes nothing else
        Wants::Field | Wants::Network => true,
        _ => false,
    })
}

fn article(what: &str) -> &'static str {
    if what.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    }
}

fn unknown(name: &str, at: Span, table: &[Declared], what: &str) -> Diagnostic {
    let there = |kd: &str| table.iter().any(|declared| declared.name == kd);
    if let Some(diagnostic) = foreign::declared(name, there, at) {
        return diagnostic;
    }
    let diagnostic = Diagnostic::new(Code::E0201, format!("there is no {what} `{name}`"))
        .at(at, format!("unknown {what}"));
    let names = || table.iter().map(|declared| declared.name);
    match nearest(name, names()) {
        Some(near) => diagnostic.replace(
            format!("there is one with a similar name: `{near}`"),
            at,
            near,
        ),
        None => diagnostic.help(those(table)),
    }
}

fn those(table: &[Declared]) -> String {
    let verb = if table.len() == 1 { "is" } else { "are" };
    format!("there {verb} {}", listed(table.iter().map(|d| d.name), 12))
}

fn signature(declared: &Declared) -> Signature {
    let slots = declared.parameters.iter().map(|p| Slot {
        name: p.name.to_string(),
        optional: p.optional,
        positional: p.positional,
    });
    let written: Vec<String> = declared
        .parameters
        .iter()
        .map(|p| format!("{}: …", p.name))
        .collect();
    Signature::of_parameters(
        declared.name,
        slots.collect(),
        format!("{}({})", declared.name, written.join(", ")),
    )
}
