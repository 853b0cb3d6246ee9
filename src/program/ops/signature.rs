//! Signatures and bounds in words, for hover, completion and the reference.

use super::{Argument, Default, Input, Kind, Operation, Takes};
use std::fmt;

impl Operation {
    /// `conv2d(x: [N, C, H, W], channels: int, kernel: int or (h, w), stride: int or (h, w) = 1)`
    pub fn signature(&self) -> String {
        let inputs = self.inputs.iter().map(Input::to_string);
        let arguments = self.arguments.iter().map(Argument::to_string);
        let all: Vec<String> = inputs.chain(arguments).collect();
        format!("{}({})", self.name, all.join(", "))
    }

    /// The first line of its documentation.
    pub fn summary(&self) -> &'static str {
        self.doc.lines().next().unwrap_or_default()
    }
}

/// `x: [N, C, H, W]`
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let element = match self.takes {
            Takes::Real | Takes::Logits => "",
            Takes::Bool => "bool",
            Takes::Integer | Takes::Label => "id",
            Takes::Any => "any",
        };
        write!(f, "{}: ", self.name)?;
        match self.many {
            true => write!(f, "({element}{}, …)", self.shape)?,
            false => write!(f, "{element}{}", self.shape)?,
        }
        if self.number {
            f.write_str(" or number")?;
        }
        if self.optional {
            f.write_str(" = none")?;
        }
        Ok(())
    }
}

/// `padding: int or (h, w) = 0`
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.kind)?;
        match self.default {
            Default::Required => Ok(()),
            default => write!(f, " = {default}"),
        }
    }
}

/// The type as it is written in kd.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Int { .. } | Kind::Axis | Kind::NewAxis | Kind::Size { .. } => "int",
            Kind::Float { .. } | Kind::Scalar => "float",
            Kind::Bool => "bool",
            Kind::Pair { .. } | Kind::Sizes => "int or (h, w)",
            Kind::Axes => "int or list(int)",
            Kind::Order => "list(int)",
            Kind::Numbers => "list(float)",
            Kind::Dims => "shape",
        })
    }
}

impl fmt::Display for Default {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Default::Required => f.write_str("required"),
            Default::Int(n) => n.fmt(f),
            // `{:?}` keeps `0.0` a float and writes 1e-12 short.
            Default::Float(x) => write!(f, "{x:?}"),
            Default::Bool(b) => b.fmt(f),
            Default::None => f.write_str("none"),
            Default::Same(other) => f.write_str(other),
        }
    }
}

impl Kind {
    /// What a value must be, where its type does not say it: "at least 1".
    pub fn bounds(&self) -> Option<String> {
        // Bounds beyond a million only keep out nonsense and need no mention.
        const NONSENSE: i64 = 1_000_000;
        match *self {
            Kind::Int { min, .. } if min <= -NONSENSE => None,
            Kind::Int { min, max } | Kind::Pair { min, max } if max >= NONSENSE => {
                Some(format!("at least {min}"))
            }
            Kind::Int { min, max } | Kind::Pair { min, max } => Some(format!("{min} to {max}")),
            Kind::Float { min, max } if max >= NONSENSE as f64 && min > 0.0 => {
                Some("above 0".into())
            }
            Kind::Float { max, .. } if max >= NONSENSE as f64 => None,
            Kind::Float { min, max } => Some(format!("{min} to {max}")),
            Kind::Size { .. } | Kind::Sizes => Some("at least 1".into()),
            _ => None,
        }
    }
}
