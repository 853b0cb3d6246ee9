//! What is done to pictures.

use crate::program::declared::{Declared, Parameter, Wants};

pub const NORMALIZE: Declared = Declared {
    name: "normalize",
    doc: "`(x - mean) / std` for each channel, after bytes have become 0…1.",
    parameters: &[
        Parameter::optional(
            "statistics",
            Wants::Statistics,
            "both, named once: `cifar = statistics([…], […])`",
        )
        .positional(),
        Parameter::optional("mean", Wants::Numbers, "one number for each channel"),
        Parameter::optional(
            "std",
            Wants::Positive,
            "one number above 0 for each channel",
        ),
    ],
};

pub const CROP: Declared = Declared {
    name: "crop",
    doc: "A part of the picture at random, in training only. As torchvision's `RandomCrop`; the padding is black, or 0 after `normalize`.",
    parameters: &[
        Parameter::required(
            "size",
            Wants::Size,
            "of the part; without `augment` that of the whole",
        )
        .positional(),
        Parameter::optional(
            "padding",
            Wants::Int { min: 0, max: 1000 },
            "pixels that are put at each side first; 0 unless said",
        ),
    ],
};

pub const FLIP: Declared = Declared {
    name: "flip",
    doc: "Exchanges left and right at random, in training only. As torchvision's `RandomHorizontalFlip`.",
    parameters: &[Parameter::optional(
        "p",
        Wants::Above(0.0, 1.0),
        "how probable it is; 0.5 unless said",
    )
    .positional()],
};

pub const RESIZE: Declared = Declared {
    name: "resize",
    doc: "Another size, bilinear with antialiasing, as torchvision's `Resize`.",
    parameters: &[Parameter::required(
        "size",
        Wants::Size,
        "of the shorter side, the other keeps its ratio; or `(height, width)`",
    )
    .positional()],
};

pub const CENTER_CROP: Declared = Declared {
    name: "center_crop",
    doc: "The middle of the picture, as torchvision's `CenterCrop`. A smaller one gets a black border.",
    parameters: &[Parameter::required("size", Wants::Size, "of the part").positional()],
};

pub const RANDOM_RESIZED_CROP: Declared = Declared {
    name: "random_resized_crop",
    doc: "A part of random area and ratio, resized; in training only (Szegedy and others 2015). As torchvision's `RandomResizedCrop`.",
    parameters: &[
        Parameter::required("size", Wants::Size, "of the result").positional(),
        Parameter::optional(
            "scale",
            Wants::Range,
            "the part's share of the area; (0.08, 1) unless said",
        ),
        Parameter::optional(
            "ratio",
            Wants::Range,
            "the part's width divided by its height; (3 / 4, 4 / 3) unless said",
        ),
    ],
};

pub const RAND_AUGMENT: Declared = Declared {
    name: "rand_augment",
    doc: "RandAugment (Cubuk and others 2020): operations chosen at random for each picture, in training only. As torchvision's `RandAugment` with 31 magnitudes.",
    parameters: &[
        Parameter::optional(
            "operations",
            Wants::Int { min: 1, max: 14 },
            "how many, one after the other; 2 unless said",
        )
        .positional(),
        Parameter::optional(
            "magnitude",
            Wants::Int { min: 0, max: 30 },
            "how strong; 9 unless said",
        )
        .positional(),
    ],
};

pub const COLOR_JITTER: Declared = Declared {
    name: "color_jitter",
    doc: "Brightness, contrast, saturation and hue at random, in a random order; in training only. As torchvision's `ColorJitter`.",
    parameters: &[
        Parameter::required(
            "strength",
            Wants::Below(0.0, 1.0),
            "brightness, contrast and saturation are each multiplied by 1 - strength to 1 + strength",
        )
        .positional(),
        Parameter::optional(
            "hue",
            Wants::Above(0.0, 0.5),
            "by how much of the circle of colours the hue is turned at most; 0 unless said",
        ),
    ],
};

pub const AUGMENT: Declared = Declared {
    name: "augment",
    doc: "One chain of picture transforms for training, another for evaluation. Both must give pictures of the same size.",
    parameters: &[
        Parameter::required(
            "training",
            Wants::Chain,
            "for example `random_resized_crop(224) -> flip`",
        )
        .positional(),
        Parameter::optional(
            "otherwise",
            Wants::Chain,
            "for example `resize(256) -> center_crop(224)`; nothing unless said",
        ),
    ],
};
