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
        name: "crop",
        doc: "A part of the picture at random, in training only. As torchvision's `RandomCrop`; the padding is black, or 0 after `normalize`.",
        parameters: &[
            positional(
                "size",
                Wants::Size,
                "of the part; without `augment` that of the whole",
            ),
            optional(
                "padding",
                Wants::Int { min: 0, max: 1000 },
                "pixels that are put at each side first; 0 unless said",
            ),
        ],
    },
    Declared {
        name: "flip",
        doc: "Exchanges left and right at random, in training only. As torchvision's `RandomHorizontalFlip`.",
        parameters: &[Parameter {
            positional: true,
            ..optional(
                "p",
                Wants::Above(0.0, 1.0),
                "how probable it is; 0.5 unless said",
            )
        }],
    },
    Declared {
        name: "resize",
        doc: "Another size, bilinear with antialiasing, as torchvision's `Resize`.",
        parameters: &[positional(
            "size",
            Wants::Size,
            "of the shorter side, the other keeps its ratio; or `(height, width)`",
        )],
    },
    Declared {
        name: "center_crop",
        doc: "The middle of the picture, as torchvision's `CenterCrop`. A smaller one gets a black border.",
        parameters: &[positional("size", Wants::Size, "of the part")],
    },
    Declared {
        name: "random_resized_crop",
        doc: "A part of random area and ratio, resized; in training only (Szegedy and others 2015). As torchvision's `RandomResizedCrop`.",
        parameters: &[
            positional("size", Wants::Size, "of the result"),
            optional(
                "scale",
                Wants::Range,
                "the part's share of the area; (0.08, 1) unless said",
            ),
            optional(
                "ratio",
                Wants::Range,
                "the part's width divided by its height; (3 / 4, 4 / 3) unless said",
            ),
        ],
    },
    Declared {
        name: "rand_augment",
        doc: "RandAugment (Cubuk and others 2020): operations chosen at random for each picture, in training only. As torchvision's `RandAugment` with 31 magnitudes.",
        parameters: &[
            Parameter {
                positional: true,
                ..optional(
                    "operations",
                    Wants::Int { min: 1, max: 14 },
                    "how many, one after the other; 2 unless said",
                )
            },
            Parameter {
                positional: true,
                ..optional(
                    "magnitude",
                    Wants::Int { min: 0, max: 30 },
                    "how strong; 9 unless said",
                )
            },
        ],
    },
    Declared {
        name: "color_jitter",
        doc: "Brightness, contrast, saturation and hue at random, in a random order; in training only. As torchvision's `ColorJitter`.",
        parameters: &[
            positional(
                "strength",
                Wants::Below(0.0, 1.0),
                "brightness, contrast and saturation are each multiplied by 1 - strength to 1 + strength",
            ),
            optional(
                "hue",
                Wants::Above(0.0, 0.5),
                "by how much of the circle of colours the hue is turned at most; 0 unless said",
            ),
        ],
    },
    Declared {
        name: "augment",
        doc: "One chain of picture transforms for training, another for evaluation. Both must give pictures of the same size.",
        parameters: &[
            positional(
                "training",
                Wants::Chain,
                "for example `random_resized_crop(224) -> flip`",
            ),
            optional(
                "otherwise",
                Wants::Chain,
                "for example `resize(256) -> center_crop(224)`; nothing unless said",
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
    Declared {
        name: "mixup",
        doc: "Mixes each sample with another of its batch, after `batch` and in training only (Zhang and others 2018). Labels become distributions.",
        parameters: &[positional(
            "alpha",
            ALPHA,
            "the shares are drawn from Beta(alpha, alpha), anew for each batch",
        )],
    },
    Declared {
        name: "cutmix",
        doc: "Puts a part of another picture of the batch into each, after `batch` and in training only (Yun and others 2019). Labels become distributions. With `mixup`, each batch takes one of the two, as often as the other.",
        parameters: &[positional(
            "alpha",
            ALPHA,
            "the share of the area is drawn from Beta(alpha, alpha), anew for each batch",
        )],
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

/// The parameter of a Beta distribution.
pub const ALPHA: Wants = Wants::Above(0.0, 100.0);

/// Sources and transforms of the language that have no meaning yet.
pub const LATER: [&str; 14] = [
    "cifar100",
    "mnist",
    "folder",
    "csv",
    "jsonl",
    "parquet",
    "npz",
    "column",
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

const fn positional(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        positional: true,
        ..required(name, wants, doc)
    }
}

const fn optional(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        optional: true,
        ..required(name, wants, doc)
    }
}
