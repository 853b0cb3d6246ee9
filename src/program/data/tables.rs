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
        name: "cifar100",
        doc: "CIFAR-100, the official binary version: `train.bin` and `test.bin` in a folder. `image: [N, 3, 32, 32]`, `label: class(100)`, the fine one.",
        parameters: &[required(
            "path",
            Wants::Text,
            "the folder, relative to where kdc is started",
        )],
    },
    Declared {
        name: "mnist",
        doc: "MNIST, the official files, unpacked: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` in a folder. `image: [N, 1, 28, 28]`, `label: class(10)`.",
        parameters: &[required(
            "path",
            Wants::Text,
            "the folder, relative to where kdc is started",
        )],
    },
    Declared {
        name: "folder",
        doc: "Pictures in folders, PNG or JPEG: `PATH/train/CLASS/….png` and `PATH/test/CLASS/….png`. The classes are numbered by their names in order. `image` has pictures of three colours and any size, so that `resize((h, w))`, `center_crop` or `random_resized_crop` comes first; `label: class(classes)`.",
        parameters: &[
            required(
                "path",
                Wants::Text,
                "the folder, relative to where kdc is started",
            ),
            named(
                "classes",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of folders for classes",
            ),
            optional_name(
                "train",
                "the folder of the training pictures; `train` unless said",
            ),
            optional_name(
                "test",
                "the folder of the test pictures; `test` unless said",
            ),
        ],
    },
    Declared {
        name: "csv",
        doc: "A table with commas; its first row names the columns. Which fields there are the block says: `label = column(\"species\") -> class(200)`.",
        parameters: TABLE,
    },
    Declared {
        name: "jsonl",
        doc: "A file with a JSON object on each line. Which fields there are the block says: `age = column(\"age\") -> number`.",
        parameters: TABLE,
    },
    Declared {
        name: "npz",
        doc: "NumPy arrays, as `numpy.savez` writes them; the first dimension is that of the samples. Which fields there are the block says: `image = column(\"x\") -> tensor([1, 28, 28])`.",
        parameters: TABLE,
    },
    Declared {
        name: "phrases",
        doc: "Built-in sequences of 64 different tokens in a small made-up language, whose next token follows in part from those before it. `ids: id(64)[N, length]`; `label: class(64)[N, length]`, the token after each.",
        parameters: &[
            optional(
                "train",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of training sequences; 4,000 unless said",
            ),
            optional(
                "test",
                Wants::Int {
                    min: 1,
                    max: 1_000_000,
                },
                "the number of test sequences; 1,000 unless said",
            ),
            optional(
                "length",
                Wants::Int {
                    min: 1,
                    max: 10_000,
                },
                "the number of tokens in a sequence; 32 unless said",
            ),
        ],
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
        name: "number",
        doc: "Says that a column holds a number: `[N]`.",
        parameters: &[],
    },
    Declared {
        name: "class",
        doc: "Says that a column holds a class: a whole number from 0 on, or a word. Words are numbered in their order among those of the training samples. `class(count)[N]`.",
        parameters: &[positional(
            "count",
            Wants::Int {
                min: 1,
                max: 1_000_000,
            },
            "the number of classes",
        )],
    },
    Declared {
        name: "tensor",
        doc: "Says that a column holds numbers of this shape: `[N, …]`, as they are.",
        parameters: &[positional(
            "shape",
            Wants::Numbers,
            "the sizes of one sample: `tensor([1, 28, 28])`",
        )],
    },
    Declared {
        name: "load_image",
        doc: "Says that a column holds names of picture files, PNG or JPEG: pictures of three colours and any size.",
        parameters: &[positional(
            "folder",
            Wants::Text,
            "where they are, relative to where kdc is started",
        )],
    },
    Declared {
        name: "scale",
        doc: "Multiplies numbers: `tensor([1, 28, 28]) -> scale(1 / 255)`.",
        parameters: &[positional(
            "factor",
            Wants::Below(-1e30, 1e30),
            "what they are multiplied with",
        )],
    },
    Declared {
        name: "standardize",
        doc: "`(x - mean) / deviation`, both over all numbers of the training samples.",
        parameters: &[],
    },
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

/// Where a field of a table begins.
pub static COLUMN: &[Declared] = &[Declared {
    name: "column",
    doc: "A column of a table. What follows says what it holds: `number`, `class`, `tensor` or `load_image`.",
    parameters: &[required("name", Wants::Text, "as the file names it")],
}];

const TABLE: &[Parameter] = &[
    required(
        "path",
        Wants::Text,
        "the file with the training samples, relative to where kdc is started",
    ),
    optional_name(
        "test",
        "the file with the test samples; needed for training",
    ),
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
pub const LATER: [&str; 5] = ["parquet", "wordpiece", "bpe", "pack", "align"];

const fn required(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        name,
        wants,
        optional: false,
        positional: matches!(wants, Wants::Text),
        doc,
    }
}

const fn named(name: &'static str, wants: Wants, doc: &'static str) -> Parameter {
    Parameter {
        positional: false,
        ..required(name, wants, doc)
    }
}

const fn optional_name(name: &'static str, doc: &'static str) -> Parameter {
    Parameter {
        positional: false,
        ..optional(name, Wants::Text, doc)
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
