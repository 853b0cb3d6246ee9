//! How parameters start.

use super::declared::{Declared, Parameter, Settings, Wants};
use crate::plan::Init;
use crate::shape::Shape;

/// What can stand for a start, besides a number.
pub const INITIALISERS: &[Declared] = &[
    Declared {
        name: "zeros",
        doc: "All 0.",
        parameters: &[],
    },
    Declared {
        name: "ones",
        doc: "All 1.",
        parameters: &[],
    },
    Declared {
        name: "constant",
        doc: "All the same number; the number alone means it too.",
        parameters: &[Parameter::required("value", Wants::Number, "the number").positional()],
    },
    Declared {
        name: "normal",
        doc: "Drawn from a normal distribution. PyTorch: `nn.init.normal_`.",
        parameters: &[STD, MEAN],
    },
    Declared {
        name: "trunc_normal",
        doc: "Drawn from a normal distribution between -2 and 2, which are numbers and no multiples of the \
              deviation. PyTorch: `nn.init.trunc_normal_`.",
        parameters: &[STD, MEAN],
    },
    Declared {
        name: "uniform",
        doc: "Drawn evenly from `-bound` to `bound`. PyTorch: `nn.init.uniform_`.",
        parameters: &[Parameter::required(
            "bound",
            Wants::Above(0.0, f64::INFINITY),
            "largest size of a number",
        )
        .positional()],
    },
    Declared {
        name: "kaiming_normal",
        doc: "Drawn from a normal distribution whose deviation is `sqrt(2 / (1 + slope^2) / fan)` (He and others 2015). \
              The fan of a convolution or linear layer is how many numbers go into one of its outputs, or for `fan_out` \
              how many outputs, times the kernel's size, go out of it. PyTorch: `nn.init.kaiming_normal_`.",
        parameters: &[MODE, SLOPE],
    },
    Declared {
        name: "kaiming_uniform",
        doc: "The same deviation, drawn evenly. PyTorch: `nn.init.kaiming_uniform_`.",
        parameters: &[MODE, SLOPE],
    },
    Declared {
        name: "xavier_normal",
        doc: "Drawn from a normal distribution whose deviation is `gain * sqrt(2 / (fan_in + fan_out))` (Glorot and Bengio \
              2010). PyTorch: `nn.init.xavier_normal_`.",
        parameters: &[GAIN],
    },
    Declared {
        name: "xavier_uniform",
        doc: "The same deviation, drawn evenly. PyTorch: `nn.init.xavier_uniform_`.",
        parameters: &[GAIN],
    },
];

const MODE: Parameter = Parameter::optional(
    "mode",
    Wants::Word(&["fan_in", "fan_out"]),
    "which fan; `fan_in` if left out",
);

const SLOPE: Parameter = Parameter::optional(
    "slope",
    Wants::Number,
    "slope below 0 of the leaky ReLU that follows; 0, a ReLU, if left out",
);

const GAIN: Parameter =
    Parameter::optional("gain", Wants::Above(0.0, f64::INFINITY), "1 if left out");

const STD: Parameter = Parameter::optional(
    "std",
    Wants::Above(0.0, f64::INFINITY),
    "standard deviation; 1 if left out",
)
.positional();

const MEAN: Parameter = Parameter::optional("mean", Wants::Number, "mean; 0 if left out");

/// What an initialiser draws for a parameter of that shape; none if the shape has no fans. The order of the
/// arithmetic is PyTorch's, so that the numbers are the same to the last bit.
pub fn init_of(name: &str, settings: &Settings, shape: &Shape) -> Option<Init> {
    let number = |name: &str, default: f64| settings.number(name).unwrap_or(default);
    let (mean, std) = (number("mean", 0.0), number("std", 1.0));
    let kaiming = || {
        let (fan_in, fan_out) = fans(shape)?;
        let fan = match settings.word("mode") {
            Some("fan_out") => fan_out,
            _ => fan_in,
        };
        let slope = number("slope", 0.0);
        Some((2.0 / (1.0 + slope * slope)).sqrt() / fan.sqrt())
    };
    let xavier = || {
        let (fan_in, fan_out) = fans(shape)?;
        Some(number("gain", 1.0) * (2.0 / (fan_in + fan_out)).sqrt())
    };
    let normal = |std: f64| Init::Normal { mean: 0.0, std };
    let uniform = |std: f64| Init::Uniform {
        bound: 3.0f64.sqrt() * std,
    };
    Some(match name {
        "ones" => Init::Constant(1.0),
        "constant" => Init::Constant(number("value", 0.0)),
        "normal" => Init::Normal { mean, std },
        "trunc_normal" => Init::TruncNormal { mean, std },
        "uniform" => Init::Uniform {
            bound: number("bound", 1.0),
        },
        "kaiming_normal" => normal(kaiming()?),
        "kaiming_uniform" => uniform(kaiming()?),
        "xavier_normal" => normal(xavier()?),
        "xavier_uniform" => uniform(xavier()?),
        _ => Init::Constant(0.0),
    })
}

/// How many numbers go into one of the outputs of a layer with such a weight, and out of one of its inputs.
/// Dimensions that are not known count as 1: whoever uses the model decides them.
fn fans(shape: &Shape) -> Option<(f64, f64)> {
    let size = |at: usize| shape.0[at].known().unwrap_or(1) as f64;
    if shape.rank() < 2 {
        return None;
    }
    let kernel: f64 = (2..shape.rank()).map(size).product();
    Some((size(1) * kernel, size(0) * kernel))
}
