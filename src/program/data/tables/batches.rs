//! Steps: how samples come together.

use crate::program::declared::{Declared, Parameter, Wants};

/// The number of samples in a step.
pub const BATCH_SIZE: Wants = Wants::Int {
    min: 1,
    max: 1_000_000,
};

/// The part of the training samples that is kept apart.
pub const PART: Wants = Wants::Above(0.0, 0.9);

/// The parameter of a Beta distribution.
pub const ALPHA: Wants = Wants::Above(0.0, 100.0);

pub const BATCH: Declared = Declared {
    name: "batch",
    doc: "The number of samples in a step. Training is shuffled, tests are not.",
    parameters: &[
        Parameter::required("size", BATCH_SIZE, "the number of samples in a step").positional(),
        Parameter::optional(
            "drop_last",
            Wants::Bool,
            "whether a last, smaller batch is left out of training; false unless said",
        ),
    ],
};

pub const HOLD_OUT: Declared = Declared {
    name: "hold_out",
    doc: "Keeps a part of the training samples apart, to choose on: the test set is for the end.",
    parameters: &[Parameter::required(
        "part",
        PART,
        "a part of 1: 0.1 keeps every tenth sample apart",
    )
    .positional()],
};

pub const MIXUP: Declared = Declared {
    name: "mixup",
    doc: "Mixes each sample with another of its batch, after `batch` and in training only (Zhang and others 2018). Labels become distributions.",
    parameters: &[Parameter::required(
        "alpha",
        ALPHA,
        "the shares are drawn from Beta(alpha, alpha), anew for each batch",
    )
    .positional()],
};

pub const CUTMIX: Declared = Declared {
    name: "cutmix",
    doc: "Puts a part of another picture of the batch into each, after `batch` and in training only (Yun and others 2019). Labels become distributions. With `mixup`, each batch takes one of the two, as often as the other.",
    parameters: &[Parameter::required(
        "alpha",
        ALPHA,
        "the share of the area is drawn from Beta(alpha, alpha), anew for each batch",
    )
    .positional()],
};
