//! RandAugment (Cubuk and others 2020) with the operations and magnitudes of torchvision's.

use super::colour;
use crate::failure::Result;
use crate::random::Generator;
use tch::{Kind, Tensor};

/// Magnitudes are numbered from 0 to 30.
const STRONGEST: f64 = 30.0;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Saturation,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    Autocontrast,
    Equalize,
}

const ALL: [Operation; 14] = [
    Operation::Identity,
    Operation::ShearX,
    Operation::ShearY,
    Operation::TranslateX,
    Operation::TranslateY,
    Operation::Rotate,
    Operation::Brightness,
    Operation::Saturation,
    Operation::Contrast,
    Operation::Sharpness,
    Operation::Posterize,
    Operation::Solarize,
    Operation::Autocontrast,
    Operation::Equalize,
];

/// One operation, chosen at random, in one of its two directions.
pub fn one(picture: &Tensor, magnitude: u64, draw: &mut Generator) -> Result<Tensor> {
    let operation = ALL[draw.below(ALL.len() as u64) as usize];
    let sign = match draw.below(2) {
        0 => 1.0,
        _ => -1.0,
    };
    apply(operation, picture, magnitude as f64 / STRONGEST, sign)
}

/// `strength` is from 0 to 1. Bytes only.
fn apply(operation: Operation, picture: &Tensor, strength: f64, sign: f64) -> Result<Tensor> {
    let size = picture.size();
    let (height, width) = (size[1] as f64, size[2] as f64);
    let signed = sign * strength;
    match operation {
        Operation::Identity => Ok(picture.shallow_clone()),
        // torchvision shears from the upper left corner
        Operation::ShearX => {
            let shear = 0.3 * signed;
            moved(picture, [1.0, shear, shear * height / 2.0, 0.0, 1.0, 0.0])
        }
        Operation::ShearY => {
            let shear = 0.3 * signed;
            moved(picture, [1.0, 0.0, 0.0, shear, 1.0, shear * width / 2.0])
        }
        Operation::TranslateX => {
            let by = (150.0 / 331.0 * width * signed).trunc();
            moved(picture, [1.0, 0.0, -by, 0.0, 1.0, 0.0])
        }
        Operation::TranslateY => {
            let by = (150.0 / 331.0 * height * signed).trunc();
            moved(picture, [1.0, 0.0, 0.0, 0.0, 1.0, -by])
        }
        Operation::Rotate => {
            let (sin, cos) = (30.0 * signed).to_radians().sin_cos();
            moved(picture, [cos, -sin, 0.0, sin, cos, 0.0])
        }
        Operation::Brightness => colour::brightness(picture, 1.0 + 0.9 * signed),
        Operation::Saturation => colour::saturation(picture, 1.0 + 0.9 * signed),
        Operation::Contrast => colour::contrast(picture, 1.0 + 0.9 * signed),
        Operation::Sharpness => colour::sharpness(picture, 1.0 + 0.9 * signed),
        Operation::Posterize => {
            let dropped = (4.0 * strength).round_ties_even() as u32;
            Ok(picture.f_bitwise_and(i64::from(0xffu8 << dropped))?)
        }
        Operation::Solarize => {
            let threshold = 255.0 * (1.0 - strength);
            let inverted = picture.f_bitwise_not()?;
            let bright = picture.f_to_kind(Kind::Float)?.f_ge(threshold)?;
            Ok(inverted.f_where_self(&bright, picture)?)
        }
        Operation::Autocontrast => autocontrast(picture),
        Operation::Equalize => equalize(picture),
    }
}

/// Every pixel comes from where the matrix sends it, in pixels from the middle; the nearest one is taken, and
/// black from outside.
fn moved(picture: &Tensor, matrix: [f64; 6]) -> Result<Tensor> {
    let size = picture.size();
    let (height, width) = (size[1], size[2]);
    let options = (Kind::Float, picture.device());
    let centred = |count: i64| {
        let half = count as f64 / 2.0;
        Tensor::f_arange(count, options)?.f_add_scalar(0.5 - half)
    };
    let (y, x) = (centred(height)?.f_unsqueeze(1)?, centred(width)?);
    let source = |row: &[f64], extent: i64| {
        x.f_mul_scalar(row[0])?
            .f_add(&y.f_mul_scalar(row[1])?)?
            .f_add_scalar(row[2])?
            .f_div_scalar(extent as f64 / 2.0)
    };
    let grid = [source(&matrix[..3], width)?, source(&matrix[3..], height)?];
    let grid = Tensor::f_stack(&grid, 2)?.f_unsqueeze(0)?;
    let (nearest, zeros) = (1, 0);
    let given = picture.f_to_kind(Kind::Float)?.f_unsqueeze(0)?;
    let taken = given.f_grid_sampler(&grid, nearest, zeros, false)?;
    Ok(taken.f_squeeze_dim(0)?.f_round()?.f_to_kind(Kind::Uint8)?)
}

/// Each channel from its darkest to its brightest value is spread over all.
fn autocontrast(picture: &Tensor) -> Result<Tensor> {
    let least = picture.f_amin([1, 2], true)?.f_to_kind(Kind::Float)?;
    let most = picture.f_amax([1, 2], true)?.f_to_kind(Kind::Float)?;
    let spread = most.f_sub(&least)?;
    let flat = spread.f_eq(0.0)?;
    let least = least.f_masked_fill(&flat, 0.0)?;
    let scale = spread
        .f_masked_fill(&flat, 255.0)?
        .f_reciprocal()?
        .f_mul_scalar(255.0)?;
    Ok(picture
        .f_to_kind(Kind::Float)?
        .f_sub(&least)?
        .f_mul(&scale)?
        .f_clamp(0.0, 255.0)?
        .f_to_kind(Kind::Uint8)?)
}

/// Each channel's values are spread so that all are about equally frequent.
fn equalize(picture: &Tensor) -> Result<Tensor> {
    let size = picture.size();
    let flat = picture.f_contiguous()?.f_view([size[0], -1])?;
    let channels = (0..size[0]).map(|channel| {
        let mut values = Vec::<u8>::try_from(&flat.f_select(0, channel)?)?;
        equalize_channel(&mut values);
        Ok(Tensor::f_from_slice(&values)?)
    });
    let channels = channels.collect::<Result<Vec<_>>>()?;
    Ok(Tensor::f_stack(&channels, 0)?
        .f_view(size.as_slice())?
        .f_to_device(picture.device())?)
}

fn equalize_channel(values: &mut [u8]) {
    let mut counts = [0usize; 256];
    for value in values.iter() {
        counts[usize::from(*value)] += 1;
    }
    let brightest = counts.iter().rposition(|count| *count > 0).unwrap_or(0);
    let step = (values.len() - counts[brightest]) / 255;
    if step == 0 {
        return;
    }
    let mut table = [0u8; 256];
    let mut below = 0;
    for (place, count) in table.iter_mut().zip(counts) {
        *place = ((below + step / 2) / step).min(255) as u8;
        below += count;
    }
    for value in values {
        *value = table[usize::from(*value)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::picture::tests::{expected, picture};

    #[test]
    fn operations_are_torchvisions() {
        for operation in ALL {
            for (magnitude, sign) in [(9, 1.0), (9, -1.0), (30, 1.0), (30, -1.0)] {
                let key = format!("{operation:?}.{magnitude}.{sign}");
                let strength = f64::from(magnitude) / STRONGEST;
                let got = apply(operation, &picture(), strength, sign).unwrap();
                let expected = expected(&key);
                // torchvision's magnitudes are rounded to 32 bits, which may move a byte by one; and the nearest
                // of two pixels equally near may be either
                let distance = got.to_kind(Kind::Int).f_sub(&expected.to_kind(Kind::Int));
                let far = distance
                    .unwrap()
                    .abs()
                    .gt(1)
                    .sum(Kind::Int64)
                    .int64_value(&[]);
                assert!(far <= 9, "{key}: {far} values differ");
            }
        }
    }

    #[test]
    fn operations_and_directions_vary() {
        let mut draw = Generator::new("test", 1, 1);
        let made = (0..60).map(|_| one(&picture(), 20, &mut draw).unwrap());
        let mut different: Vec<Tensor> = Vec::new();
        for picture in made {
            if !different.iter().any(|other| other.equal(&picture)) {
                different.push(picture);
            }
        }
        assert!(different.len() > 12, "{}", different.len());
    }
}
