//! Optimizers: their table, and what an `optimizer:` setting says.

use crate::diag::{Code, Diagnostic};
use crate::plan::Optimizer;
use crate::program::declared::{Declared, Parameter, Settings, Wants};
use crate::program::elaborate::{Elaborator, Frame};
use crate::syntax::ast::{Arg, Expr, ExprKind};

use super::groups::Group;

pub static OPTIMIZERS: &[Declared] = &[
    Declared {
        name: "adam",
        doc: "Adam (Kingma, Ba 2015), as torch.optim.Adam.",
        parameters: &[RATE, BETAS, EPS, DECAY],
    },
    Declared {
        name: "adamw",
        doc: "Adam with decoupled weight decay (Loshchilov, Hutter 2019), as torch.optim.AdamW.",
        parameters: &[RATE, BETAS, EPS, DECAY],
    },
    Declared {
        name: "sgd",
        doc: "Stochastic gradient descent, as torch.optim.SGD.",
        parameters: &[
            RATE,
            Parameter::optional(
                "momentum",
                Wants::Below(0.0, 1.0),
                "the part of the last step that is kept; 0 unless said",
            ),
            DECAY,
            Parameter::optional(
                "nesterov",
                Wants::Bool,
                "Nesterov's momentum; false unless said",
            ),
        ],
    },
];

const RATE: Parameter = Parameter::required(
    "lr",
    Wants::Rate,
    "the learning rate, a number or a schedule; it has no default",
);

const BETAS: Parameter = Parameter::optional(
    "betas",
    Wants::Betas,
    "the decay of the two running means; (0.9, 0.999) unless said",
);

const EPS: Parameter = Parameter::optional(
    "eps",
    Wants::Above(0.0, 1.0),
    "added to the denominator; 1e-8 unless said",
);

const DECAY: Parameter = Parameter::optional(
    "weight_decay",
    Wants::Below(0.0, f64::INFINITY),
    "how strongly weights are drawn to 0; 0 unless said (adamw: 0.01)",
);

impl Elaborator<'_, '_> {
    /// The optimizer, and the groups of parameters for which it has other settings.
    pub(super) fn optimizer(
        &mut self,
        frame: &mut Frame,
        expr: &Expr,
    ) -> Option<(Optimizer, Vec<Group>)> {
        let (expr, groups) = without_groups(expr);
        let groups = match groups {
            Some(groups) => self.groups(frame, &groups),
            None => Some(Vec::new()),
        };
        let optimizer = self.base_optimizer(frame, &expr);
        Some((optimizer?, groups?))
    }

    fn base_optimizer(&mut self, frame: &mut Frame, expr: &Expr) -> Option<Optimizer> {
        let (found, settings) = self.declared(frame, OPTIMIZERS, "optimizer", expr)?;
        let optimizer = optimizer(found.name, &settings)?;
        if let Optimizer::Sgd {
            momentum,
            nesterov: true,
            ..
        } = optimizer
            && momentum == 0.0
        {
            self.report(
                Diagnostic::new(Code::E0408, "Nesterov's momentum needs a momentum above 0")
                    .at(
                        settings.span("nesterov").unwrap_or(expr.span),
                        "without momentum",
                    )
                    .help("add `momentum: 0.9`"),
            );
            return None;
        }
        Some(optimizer)
    }
}

/// The call without its argument `groups`, and that argument, which is no value.
fn without_groups(expr: &Expr) -> (Expr, Option<Expr>) {
    let ExprKind::Call { callee, args } = &expr.kind else {
        return (expr.clone(), None);
    };
    let is_groups = |arg: &Arg| arg.name.as_ref().is_some_and(|name| name.text == "groups");
    let (groups, others): (Vec<Arg>, Vec<Arg>) = args.iter().cloned().partition(is_groups);
    let call = ExprKind::Call {
        callee: callee.clone(),
        args: others,
    };
    let call = Expr {
        kind: call,
        span: expr.span,
    };
    (call, groups.into_iter().next().map(|arg| arg.value))
}

fn optimizer(name: &str, settings: &Settings) -> Option<Optimizer> {
    let lr = settings.rate("lr")?;
    let betas = match settings.numbers("betas").as_deref() {
        Some([a, b]) => (*a, *b),
        _ => (0.9, 0.999),
    };
    let eps = settings.number("eps").unwrap_or(1e-8);
    let decay = |default| settings.number("weight_decay").unwrap_or(default);
    Some(match name {
        "adam" => Optimizer::Adam {
            lr,
            betas,
            eps,
            weight_decay: decay(0.0),
        },
        "adamw" => Optimizer::Adamw {
            lr,
            betas,
            eps,
            weight_decay: decay(0.01),
        },
        _ => Optimizer::Sgd {
            lr,
            momentum: settings.number("momentum").unwrap_or(0.0),
            weight_decay: decay(0.0),
            nesterov: settings.bool("nesterov").unwrap_or(false),
        },
    })
}
