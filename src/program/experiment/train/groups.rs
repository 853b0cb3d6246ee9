//! Groups of parameters for which the optimizer has other settings: `group(light.classifier, lr: 0.1)`.

use super::learning::{Learning, Part};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Arg, Optimizer};
use crate::program::declared::rate;
use crate::program::elaborate::{Elaborator, Frame};
use crate::program::graph::{Parameter, ParameterId};
use crate::program::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind};

/// A group as it is written.
pub struct Group {
    members: Vec<Member>,
    settings: Settings,
    span: Span,
}

enum Member {
    Part(Part),
    /// All with at most one dimension: biases, and the scales of norms.
    NormsAndBiases,
}

#[derive(Clone, Default, PartialEq)]
pub struct Settings {
    pub lr: Option<Arg>,
    pub weight_decay: Option<f64>,
}

/// Parameters that have the same settings of their own.
pub struct Resolved {
    pub settings: Settings,
    pub parameters: Vec<ParameterId>,
}

impl Group {
    fn has(&self, parameter: &Parameter) -> bool {
        self.members.iter().any(|member| match member {
            Member::Part(part) => part.covers(&parameter.owner, &parameter.name),
            Member::NormsAndBiases => parameter.shape.rank() <= 1,
        })
    }
}

impl Elaborator<'_, '_> {
    /// What `groups:` lists.
    pub(super) fn groups(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Vec<Group>> {
        let ExprKind::List(list) = &expr.kind else {
            self.report(no_group("`groups` takes a list of groups", expr.span));
            return None;
        };
        let groups: Vec<_> = list.iter().map(|expr| self.group(frame, expr)).collect();
        groups.into_iter().collect()
    }

    fn group(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Group> {
        let args: &[ast::Arg] = match &expr.kind {
            ExprKind::Call { callee, args } if callee.is_name("group") => args,
            ExprKind::Error => return None,
            _ => {
                self.report(no_group("this is no group", expr.span));
                return None;
            }
        };
        let mut members = Vec::new();
        let mut settings = Settings::default();
        for arg in args {
            match &arg.name {
                None => members.push(self.group_member(&arg.value)?),
                Some(name) => self.group_setting(frame, &mut settings, name, &arg.value)?,
            }
        }
        if members.is_empty() || settings == Settings::default() {
            let message = "a group names parameters, and `lr` or `weight_decay` for them";
            self.report(no_group(message, expr.span));
            return None;
        }
        Some(Group {
            members,
            settings,
            span: expr.span,
        })
    }

    fn group_member(&mut self, expr: &Expr) -> Option<Member> {
        match &expr.kind {
            ExprKind::Name(name) if name == "norms_and_biases" => Some(Member::NormsAndBiases),
            _ => Some(Member::Part(self.part(expr)?)),
        }
    }

    fn group_setting(
        &mut self,
        frame: &mut Frame,
        settings: &mut Settings,
        name: &ast::Name,
        expr: &Expr,
    ) -> Option<()> {
        let value = self.expression(frame, expr);
        let wants = match (name.text.as_str(), &value) {
            (_, Value::Poison) => return None,
            ("lr", value) => match rate(value) {
                Some(lr) => {
                    settings.lr = Some(lr);
                    return Some(());
                }
                None => "a number above 0, or a schedule",
            },
            ("weight_decay", Value::Number(n)) if n.as_f64().is_some_and(|x| x >= 0.0) => {
                settings.weight_decay = n.as_f64();
                return Some(());
            }
            ("weight_decay", _) => "a number of at least 0",
            _ => {
                let message = format!("a group has no setting `{}`", name.text);
                let diagnostic = Diagnostic::new(Code::E0221, message).at(name.span, "unknown");
                self.report(diagnostic.help("a group sets `lr` and `weight_decay`"));
                return None;
            }
        };
        let message = format!("`{}` of a group is {wants}", name.text);
        self.report(Diagnostic::new(Code::E0224, message).at(expr.span, value.kind()));
        None
    }

    /// The settings of each learning parameter that is in a group. What several groups set for it comes together.
    pub(super) fn resolved_groups(
        &mut self,
        groups: &[Group],
        optimizer: &Optimizer,
        learning: &Learning,
    ) -> Option<Vec<Resolved>> {
        let mut resolved: Vec<Resolved> = Vec::new();
        let mut idle: Vec<&Group> = groups.iter().collect();
        for id in (0..self.graph.parameters.len()).map(ParameterId) {
            if !learning.learns(id) {
                continue;
            }
            let parameter = self.graph.parameter(id);
            let mut settings = Settings::default();
            for group in groups.iter().filter(|group| group.has(parameter)) {
                idle.retain(|other| other.span != group.span);
                if let Some(what) = settings.add(&group.settings) {
                    let message = format!("two groups set `{what}` of `{}`", parameter.name);
                    let diagnostic = Diagnostic::new(Code::E0408, message)
                        .at(group.span, "set again")
                        .help("let each parameter be in one group that sets it");
                    self.report(diagnostic);
                    return None;
                }
            }
            if settings == Settings::default() {
                continue;
            }
            if let Some(lr) = &mut settings.lr {
                *lr = following(lr, optimizer.lr());
            }
            match resolved.iter_mut().find(|r| r.settings == settings) {
                Some(same) => same.parameters.push(id),
                None => resolved.push(Resolved {
                    settings,
                    parameters: vec![id],
                }),
            }
        }
        if let Some(group) = idle.first() {
            let diagnostic =
                Diagnostic::new(Code::E0412, "nothing of this group learns in this stage")
                    .at(group.span, "has no effect")
                    .help("remove it, or name something that learns");
            self.report(diagnostic);
            return None;
        }
        Some(resolved)
    }
}

impl Settings {
    /// Takes another group's over. What both set, if they do.
    fn add(&mut self, other: &Settings) -> Option<&'static str> {
        if self.lr.is_some() && other.lr.is_some() {
            return Some("lr");
        }
        if self.weight_decay.is_some() && other.weight_decay.is_some() {
            return Some("weight_decay");
        }
        self.lr = self.lr.take().or_else(|| other.lr.clone());
        self.weight_decay = self.weight_decay.or(other.weight_decay);
        None
    }
}

/// A group's rate beside the optimizer's: a number is what it has where the optimizer's is largest, and follows it. One
/// with a schedule of its own stays as it is.
fn following(lr: &Arg, optimizers: &Arg) -> Arg {
    let largest = optimizers.bounds().map(|(_, largest)| largest);
    match (lr.fixed(), largest) {
        (Some(fixed), Some(largest)) if optimizers.changes() => Arg::Formula {
            calculate: "mul".to_string(),
            of: vec![Arg::Number(fixed / largest), optimizers.clone()],
        },
        _ => lr.clone(),
    }
}

fn no_group(message: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::E0204, message)
        .at(span, "no group")
        .help("write `groups: [group(light.classifier, lr: 0.1), group(norms_and_biases, weight_decay: 0)]`")
}
