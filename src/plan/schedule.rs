//! Numbers that change while a stage trains.

use super::Arg;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a number changes. Time starts at 0 with the stage; a step of the optimizer sees the time at which it
/// begins. Lengths are in epochs or in steps; without either the whole stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "schedule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Evenly `from` one number `to` another, which then stays.
    Ramp {
        from: f64,
        to: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epochs: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<f64>,
    },
    /// From 1 along half a cosine wave to `to`, which then stays.
    CosineDecay {
        to: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epochs: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        steps: Option<f64>,
    },
    /// 1, times `factor` at each of these times.
    StepDecay {
        factor: f64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        epochs: Vec<f64>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<f64>,
    },
}

impl Arg {
    /// The number that it is throughout.
    pub fn fixed(&self) -> Option<f64> {
        match self {
            Arg::Int(n) => Some(*n as f64),
            Arg::Number(x) => Some(*x),
            _ => None,
        }
    }

    /// Whether it changes while a stage trains.
    pub fn changes(&self) -> bool {
        match self {
            Arg::Schedule(_) => true,
            Arg::Formula { of, .. } | Arg::List(of) => of.iter().any(Arg::changes),
            _ => false,
        }
    }
}

impl Arg {
    /// The smallest and the largest number that it may be; none where that is not known, as with `N`.
    pub fn bounds(&self) -> Option<(f64, f64)> {
        let around = |values: &[f64]| {
            let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (smallest, largest)
        };
        match self {
            Arg::Int(_) | Arg::Number(_) => self.fixed().map(|x| (x, x)),
            Arg::Schedule(Schedule::Ramp { from, to, .. }) => Some(around(&[*from, *to])),
            Arg::Schedule(Schedule::CosineDecay { to, .. }) => Some(around(&[1.0, *to])),
            Arg::Schedule(Schedule::StepDecay {
                factor,
                epochs,
                steps,
            }) => {
                let times = epochs.len() + steps.len();
                Some((factor.powi(times as i32), 1.0))
            }
            Arg::Formula { calculate, of } => {
                let [(a, b), (c, d)] = [of.first()?.bounds()?, of.get(1)?.bounds()?];
                Some(match calculate.as_str() {
                    "add" => (a + c, b + d),
                    "sub" => (a - d, b - c),
                    "mul" => around(&[a * c, a * d, b * c, b * d]),
                    "div" if c > 0.0 || d < 0.0 => around(&[a / c, a / d, b / c, b / d]),
                    _ => return None,
                })
            }
            _ => None,
        }
    }
}

impl From<f64> for Arg {
    fn from(number: f64) -> Arg {
        Arg::Number(number)
    }
}

/// As one would write it in kd.
impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Bool(b) => write!(f, "{b}"),
            Arg::Int(n) => write!(f, "{n}"),
            Arg::Number(x) => write!(f, "{x}"),
            Arg::Text(text) => f.write_str(text),
            Arg::List(list) => {
                let list: Vec<String> = list.iter().map(Arg::to_string).collect();
                write!(f, "[{}]", list.join(", "))
            }
            Arg::Formula { calculate, of } => formula(f, calculate, of),
            Arg::Schedule(schedule) => write!(f, "{schedule}"),
        }
    }
}

fn formula(f: &mut fmt::Formatter<'_>, calculate: &str, of: &[Arg]) -> fmt::Result {
    let operator = match calculate {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "pow" => "^",
        other => other,
    };
    let operand = |arg: &Arg| match arg {
        Arg::Formula { calculate, .. } if !(calculate == "mul" && operator == "*") => {
            format!("({arg})")
        }
        arg => arg.to_string(),
    };
    let of: Vec<String> = of.iter().map(operand).collect();
    f.write_str(&of.join(&format!(" {operator} ")))
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, mut arguments, lengths) = match self {
            Schedule::Ramp {
                from,
                to,
                epochs,
                steps,
            } => (
                "ramp",
                vec![from.to_string(), to.to_string()],
                [epochs, steps],
            ),
            Schedule::CosineDecay { to, epochs, steps } => {
                ("cosine_decay", vec![format!("to: {to}")], [epochs, steps])
            }
            Schedule::StepDecay {
                factor,
                epochs,
                steps,
            } => {
                let (name, times) = match steps.is_empty() {
                    true => ("epochs", epochs),
                    false => ("steps", steps),
                };
                let times: Vec<String> = times.iter().map(f64::to_string).collect();
                let times = times.join(", ");
                return write!(f, "step_decay({name}: [{times}], factor: {factor})");
            }
        };
        for (name, length) in ["epochs", "steps"].iter().zip(lengths) {
            arguments.extend(length.map(|length| format!("{name}: {length}")));
        }
        write!(f, "{name}({})", arguments.join(", "))
    }
}
