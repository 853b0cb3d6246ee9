//! What is done to pictures, and what size they have then.

use serde::{Deserialize, Serialize};

/// What is done to one picture. Sizes are height and width. Draws are made anew for each picture in each epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PictureChange {
    /// A part at random, after as many black pixels have been put at each side.
    Crop { size: (u64, u64), padding: u64 },
    /// Left and right are exchanged, with this probability.
    Flip { probability: f64 },
    Resize {
        #[serde(with = "serde_yaml::with::singleton_map")]
        to: Side,
    },
    /// The middle.
    CenterCrop { size: (u64, u64) },
    /// A part of this share of the area and this ratio of width to height, resized.
    RandomResizedCrop {
        size: (u64, u64),
        scale: (f64, f64),
        ratio: (f64, f64),
    },
    /// As many of RandAugment's operations, one after the other.
    RandAugment { operations: u64, magnitude: u64 },
    /// Each in the factor 1 - x to 1 + x; the hue by at most so much of the circle.
    ColorJitter {
        brightness: f64,
        contrast: f64,
        saturation: f64,
        hue: f64,
    },
}

/// What pictures are resized to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The shorter side; the other keeps its ratio to it.
    Shorter(u64),
    /// Height and width.
    Both(u64, u64),
}

impl Side {
    /// The height and width of what a picture becomes, rounded as torchvision does.
    pub fn of(self, (height, width): (u64, u64)) -> (u64, u64) {
        match self {
            Side::Both(height, width) => (height, width),
            Side::Shorter(side) if height <= width => (side, side * width / height),
            Side::Shorter(side) => (side * height / width, side),
        }
    }
}

impl PictureChange {
    /// Height and width afterwards, where they are known.
    pub fn size_after(&self, before: Option<(u64, u64)>) -> Option<(u64, u64)> {
        match self {
            PictureChange::Crop { size, .. }
            | PictureChange::CenterCrop { size }
            | PictureChange::RandomResizedCrop { size, .. } => Some(*size),
            PictureChange::Resize {
                to: Side::Both(height, width),
            } => Some((*height, *width)),
            PictureChange::Resize { to } => before.map(|size| to.of(size)),
            PictureChange::Flip { .. }
            | PictureChange::RandAugment { .. }
            | PictureChange::ColorJitter { .. } => before,
        }
    }
}
