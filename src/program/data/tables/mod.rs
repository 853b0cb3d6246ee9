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
    columns::TOKENS,
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
        Parameter::required("mean", Wants::Numbers, "one number for each channel").positional(),
        Parameter::required(
            "std",
            Wants::Positive,
            "one number above 0 for each channel",
        )
        .positional(),
    ],
}];
