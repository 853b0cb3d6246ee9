//! Changes of one picture, `[C, H, W]`, bytes or real numbers.
//!
//! They do what torchvision's functions of the same names do on tensors, and are held against them; which numbers
//! are drawn at random is kdc's own.

pub mod batch;
mod colour;
mod geometry;
mod on_device;
mod rand_augment;

use crate::failure::Result;
use crate::random::Generator;
use kdc::plan::PictureChange;
use kdc::plan::views::Outcomes;
use tch::{Kind, Tensor};

/// The picture after the change.
pub fn change(change: &PictureChange, picture: &Tensor, draw: &mut Generator) -> Result<Tensor> {
    match *change {
        PictureChange::Crop { size, padding } => geometry::crop(picture, size, padding, draw),
        PictureChange::Flip { probability } => {
            match outcome(Outcomes::Flip { probability }, draw) {
                0 => Ok(picture.shallow_clone()),
                _ => Ok(picture.f_flip([2])?),
            }
        }
        PictureChange::Resize { to } => geometry::resize(picture, to),
        PictureChange::CenterCrop { size } => geometry::center_crop(picture, size),
        PictureChange::RandomResizedCrop { size, scale, ratio } => {
            geometry::random_resized_crop(picture, size, scale, ratio, draw)
        }
        PictureChange::RandAugment {
            operations,
            magnitude,
        } => {
            let mut picture = bytes(picture)?;
            for _ in 0..operations {
                picture = rand_augment::one(&picture, magnitude, draw)?;
            }
            Ok(picture)
        }
        PictureChange::ColorJitter {
            brightness,
            contrast,
            saturation,
            hue,
        } => colour::jitter(
            &real(picture)?,
            [brightness, contrast, saturation],
            hue,
            draw,
        ),
    }
}

/// Which of finitely many outcomes comes next, as [`change`] draws it.
pub fn outcome(of: Outcomes, draw: &mut Generator) -> u64 {
    match of {
        Outcomes::Corner(corners) => {
            let row = draw.below(corners.rows);
            corners.outcome(row, draw.below(corners.columns))
        }
        Outcomes::Flip { probability } => u64::from(draw.unit() < probability),
    }
}

/// Bytes as numbers from 0 to 1, in a tensor of their own; real numbers as they are.
pub fn real(values: &Tensor) -> Result<Tensor> {
    match values.kind() {
        Kind::Uint8 => Ok(values.f_to_kind(Kind::Float)?.f_div_scalar_(255.0)?),
        _ => Ok(values.shallow_clone()),
    }
}

/// Numbers from 0 to 1 as bytes.
fn bytes(values: &Tensor) -> Result<Tensor> {
    match values.kind() {
        Kind::Uint8 => Ok(values.shallow_clone()),
        _ => to_bytes(&values.f_mul_scalar(255.0)?),
    }
}

/// Numbers from 0 to 255, rounded.
fn to_bytes(values: &Tensor) -> Result<Tensor> {
    Ok(values
        .f_round()?
        .f_clamp(0.0, 255.0)?
        .f_to_kind(Kind::Uint8)?)
}

#[cfg(test)]
mod tests {
    use crate::testing::fixture;
    use tch::Tensor;

    /// `tests/fixtures/pictures.safetensors`, which torchvision computed.
    pub fn expected(name: &str) -> Tensor {
        let mut all = fixture("pictures.safetensors");
        all.remove(name)
            .unwrap_or_else(|| panic!("no value {name}"))
    }

    /// Bytes of 3 channels, 20 rows and 27 columns.
    pub fn picture() -> Tensor {
        expected("picture")
    }
}
