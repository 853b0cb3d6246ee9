//! How a `param` or `state` starts.

use super::declared::{Declared, Parameter, Wants};

/// What can stand at the start of its right side, besides a number.
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
        parameters: &[Parameter {
            name: "value",
            wants: Wants::Number,
            optional: false,
            positional: true,
            doc: "the number",
        }],
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
        parameters: &[Parameter {
            name: "bound",
            wants: Wants::Above(0.0, f64::INFINITY),
            optional: false,
            positional: true,
            doc: "largest size of a number",
        }],
    },
];

const STD: Parameter = Parameter {
    name: "std",
    wants: Wants::Above(0.0, f64::INFINITY),
    optional: true,
    positional: true,
    doc: "standard deviation; 1 if left out",
};

const MEAN: Parameter = Parameter {
    name: "mean",
    wants: Wants::Number,
    optional: true,
    positional: false,
    doc: "mean; 0 if left out",
};
