//! The functions of `data` blocks: names, documentation, arguments.

mod batches;
mod columns;
mod pictures;
mod sources;

pub use batches::{ALPHA, BATCH_SIZE, PART};
pub use columns::COLUMN;
pub use sources::SOURCES;

use crate::program::declared::{Declared, Parameter, Wants};

pub static TRANSFORMS: &[Declared] = &[
    columns::NUMBER,
    columns::CLASS,
    columns::TENSOR,
    columns::LOAD_IMAGE,
    columns::WORDPIECE,
    columns::BPE,
    columns::PACK,
    columns::ALIGN,
    columns::SCALE,
    columns::STANDARDIZE,
    pictures::NORMALIZE,
    pictures::CROP,
    pictures::FLIP,
    pictures::RESIZE,
    pictures::CENTER_CROP,
    pictures::RANDOM_RESIZED_CROP,
    pictures::RAND_AUGMENT,
    pictures::COLOR_JITTER,
    pictures::AUGMENT,
    batches::BATCH,
    batches::HOLD_OUT,
    batches::MIXUP,
    batches::CUTMIX,
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
