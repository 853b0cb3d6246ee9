//! The functions of `data` blocks: names, documentation, arguments.

use crate::program::declared::{Declared, Parameter, Wants};

pub static SOURCES: &[Declared] = &[
    Declared {
        name: "cifar10",
        doc: "CIFAR-10, the official binary version: `data_batch_1.bin` … `test_batch.bin` in a folder. `image: [N, 3, 32, 32]`, `label: class(10)`.",
        parameters: &[required(
            "path",
            Wants::Text,
            "the folder, relative to where kdc is started",
        )],
    },
    Declared {
        name: "shapes",
        doc: "Built-in pictures of ten drawn shapes, of the same form as CIFAR-10's. The same numbers draw the same pictures everywhere.",
        parameters: &[
            optional(
                "train",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of training pictures; 8,000 unless said",
            ),
            optional(
                "test",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of test pictures; 2,000 unless said",
            ),
        ],
    },
];

pub static TRANSFORMS: &[Declared] = &[
    Declared {
        name: "normalize",
        doc: "`(x - mean) / std` for each channel, after bytes have become 0…1.",
        parameters: &[
            Parameter {
                positional: true,
                ..optional(
                    "statistics",
                    Wants::Statistics,
                    "both, named once: `cifar = statistics([…], […])`",
                )
            },
            optional("mean", Wants::Numbers, "one number for each channel"),
            optional(
                "std",
                Wants::Positive,
                "one number above 0 for each channel",
            ),
        ],
    },
    Declared {
        name: "batch",
        doc: "The number of samples in a step. Training is shuffled, tests are not.",
        parameters: &[
            Parameter {
                positional: true,
                ..required(
                    "size",
                    Wants::Int {
                        min: 1,
                        max: 1_000_000,
                    },
                    "the number of samples in a step",
                )
            },
            optional(
                "drop_last",
                Wants::Bool,
                "whether a last, smaller batch is left out of training; false unless said",
            ),
        ],
    },
    Declared {
        name: "hold_out",
        doc: "Keeps a part of the training samples apart, to choose on: the test set is for the end.",
        parameters: &[Parameter {
            positional: true,
            ..required(
                "part",
                HOLD_OUT,
                "a part of 1: 0.1 keeps every tenth sample apart",
            )
        }],
    },
];

/// What a name is given to use in `normalize`.
pub static STATISTICS: &[Declared] = &[Declared {
    name: "statistics",
    doc: "The mean and the deviation of each channel, for `normalize`: a constant that several data sets share.",
    parameters: &[
        Parameter {
            positional: true,
            ..required("mean", Wants::Numbers, "one number for each channel")
        },
        Parameter {
            positional: true,
            ..required(
                "std",
                Wants::Positive,
                "one number above 0 for each channel",
            )
        },
    ],
}];

/// The number of samples in a step.
pub const BATCH: Wants = Wants::Int {
    min: 1,
    max: 1_000_000,
};

/// The part of the training samples that is kept apart.
pub const HOLD_OUT: Wants = Wants::Above(0.0, 0.9);

/// Sources and transforms of the language that have no meaning yet.
pub const LATER: [&str; 24] = [
    "cifar100",
    "mnist",
    "folder",
    "csv",
    "jsonl",
    "parquet",
    "npz",
    "column",
    "crop",
    "flip",
    "augment",
    "rand_augment",
    "random_resized_crop",
    "resize",
    "center_crop",
    "color_jitter",
    "mixup",
    "cutmix",
    "load_image",
    "tensor",
    "scale",
    "standardize",
    "number",
    "class",
];

const fn required(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        name,
        wants,
        optional: false,
        positional: matches!(wants, Wants::Text),
        doc,
    }
}

const fn optional(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        optional: true,
        ..required(name, wants, doc)
    }
}
