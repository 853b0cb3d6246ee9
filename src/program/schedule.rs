//! Schedules: numbers that change while a stage trains, such as `warmup(5)`.

use super::declared::{Declared, Parameter, Settings, Wants};
use super::elaborate::{Elaborator, Frame, FrameKind};
use super::number::Number;
use super::value::Value;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Arg, Schedule};
use crate::syntax::ast::Expr;

pub static SCHEDULES: &[Declared] = &[
    Declared {
        name: "warmup",
        doc: "From `from` evenly up to 1, which then stays: a factor.",
        parameters: &[EPOCHS_FIRST, STEPS, FROM],
    },
    Declared {
        name: "linear_decay",
        doc: "From 1 evenly down to `to`, which then stays: a factor.",
        parameters: &[TO, EPOCHS, STEPS],
    },
    Declared {
        name: "cosine_decay",
        doc: "From 1 down to `to` along half a cosine wave (Loshchilov, Hutter 2017), as PyTorch's CosineAnnealingLR; then `to`: a factor.",
        parameters: &[TO, EPOCHS, STEPS],
    },
    Declared {
        name: "step_decay",
        doc: "1, times `factor` at each of the given times, as PyTorch's MultiStepLR: a factor.",
        parameters: &[
            Parameter::optional("epochs", Wants::Positive, "the times, in epochs").positional(),
            Parameter::optional(
                "steps",
                Wants::Positive,
                "the times, in steps of the optimizer",
            ),
            Parameter::optional("factor", Wants::Above(0.0, 1.0), "0.1 unless said"),
        ],
    },
    Declared {
        name: "ramp",
        doc: "From one number evenly to another, which then stays.",
        parameters: &[
            Parameter::required("from", Wants::Number, "the value at the start of the stage")
                .positional(),
            Parameter::required("to", Wants::Number, "the value at the end").positional(),
            EPOCHS,
            STEPS,
        ],
    },
];

const EPOCHS: Parameter = Parameter::optional(
    "epochs",
    Wants::Above(0.0, f64::INFINITY),
    "how long it takes, in epochs; the whole stage unless said",
);

const EPOCHS_FIRST: Parameter = Parameter {
    positional: true,
    doc: "how long it takes, in epochs",
    ..EPOCHS
};

const STEPS: Parameter = Parameter::optional(
    "steps",
    Wants::Above(0.0, f64::INFINITY),
    "the same in steps of the optimizer",
);

const FROM: Parameter = Parameter::optional(
    "from",
    Wants::Below(0.0, 1.0),
    "the value at the start; 0 unless said",
);

const TO: Parameter = Parameter::optional(
    "to",
    Wants::Below(0.0, f64::INFINITY),
    "the value at the end; 0 unless said",
);

/// Whether a function of that name makes a schedule.
pub fn is_schedule(name: &str) -> bool {
    SCHEDULES.iter().any(|schedule| schedule.name == name)
}

impl Elaborator<'_, '_> {
    /// The number that a call such as `warmup(5)` stands for.
    pub(super) fn schedule(&mut self, frame: &mut Frame, expr: &Expr) -> Value {
        if matches!(frame.kind, FrameKind::Model | FrameKind::Function) {
            let diagnostic = Diagnostic::new(Code::E0204, "a model does not change with the time")
                .at(expr.span, "changes while a stage trains")
                .help("schedules are for learning rates, weights of edges, and the numbers that losses take");
            return self.poison(diagnostic);
        }
        let Some((declared, settings)) = self.declared(frame, SCHEDULES, "schedule", expr) else {
            return Value::Poison;
        };
        if let Some(diagnostic) = wrong_length(declared, &settings, expr) {
            return self.poison(diagnostic);
        }
        let (epochs, steps) = (settings.number("epochs"), settings.number("steps"));
        let ramp = |from, to| Schedule::Ramp {
            from,
            to,
            epochs,
            steps,
        };
        let to = settings.number("to");
        let schedule = match declared.name {
            "warmup" => ramp(settings.number("from").unwrap_or(0.0), 1.0),
            "linear_decay" => ramp(1.0, to.unwrap_or(0.0)),
            "cosine_decay" => Schedule::CosineDecay {
                to: to.unwrap_or(0.0),
                epochs,
                steps,
            },
            "step_decay" => Schedule::StepDecay {
                factor: settings.number("factor").unwrap_or(0.1),
                epochs: settings.numbers("epochs").unwrap_or_default(),
                steps: settings.numbers("steps").unwrap_or_default(),
            },
            _ => ramp(settings.number("from").unwrap_or(0.0), to.unwrap_or(0.0)),
        };
        Value::Number(Number::over_time(Arg::Schedule(schedule)))
    }
}

/// A length that is missing, or said both in epochs and in steps.
fn wrong_length(declared: &Declared, settings: &Settings, expr: &Expr) -> Option<Diagnostic> {
    let name = declared.name;
    match (settings.span("epochs"), settings.span("steps")) {
        (Some(epochs), Some(steps)) => Some(
            Diagnostic::new(
                Code::E0222,
                format!("`{name}` gets its time twice, in epochs and in steps"),
            )
            .at(steps, "in steps")
            .also(epochs, "in epochs")
            .help("keep one of them"),
        ),
        (None, None) if ["warmup", "step_decay"].contains(&name) => {
            let form = match name {
                "warmup" => "`warmup(5)`, in epochs, or `warmup(steps: 500)`",
                _ => "`step_decay([150, 180])`, in epochs, or `step_decay(steps: [10000])`",
            };
            Some(
                Diagnostic::new(Code::E0220, format!("`{name}` does not say when"))
                    .at(expr.span, "without a time")
                    .help(format!("write {form}")),
            )
        }
        _ => None,
    }
}
