//! Parts of a picture, and other sizes.

use super::{outcome, to_bytes};
use crate::failure::Result;
use crate::random::Generator;
use kdc::plan::Side;
use kdc::plan::views::{Corners, Outcomes};
use tch::{Kind, Tensor};

/// How often a part of random area and ratio is tried before the middle is taken.
const TRIES: usize = 10;

fn size_of(picture: &Tensor) -> (i64, i64) {
    let size = picture.size();
    (size[1], size[2])
}

fn signed((height, width): (u64, u64)) -> (i64, i64) {
    (height as i64, width as i64)
}

fn part(picture: &Tensor, (top, left): (i64, i64), (height, width): (i64, i64)) -> Result<Tensor> {
    Ok(picture.f_narrow(1, top, height)?.f_narrow(2, left, width)?)
}

pub fn crop(
    picture: &Tensor,
    size: (u64, u64),
    padding: u64,
    draw: &mut Generator,
) -> Result<Tensor> {
    let (height, width) = size_of(picture);
    let corners = Corners::of((height as u64, width as u64), size, padding);
    let corner = corners.place(outcome(Outcomes::Corner(corners), draw));
    let padded = match padding as i64 {
        0 => picture.shallow_clone(),
        p => picture.f_constant_pad_nd([p, p, p, p])?,
    };
    part(&padded, signed(corner), signed(size))
}

/// Bilinear with antialiasing.
pub fn resize(picture: &Tensor, to: Side) -> Result<Tensor> {
    let (height, width) = size_of(picture);
    let (new_height, new_width) = signed(to.of((height as u64, width as u64)));
    if (new_height, new_width) == (height, width) {
        return Ok(picture.shallow_clone());
    }
    let resized = picture
        .f_unsqueeze(0)?
        .f_to_kind(Kind::Float)?
        .f_internal_upsample_bilinear2d_aa([new_height, new_width], false, None, None)?
        .f_squeeze_dim(0)?;
    match picture.kind() {
        Kind::Uint8 => to_bytes(&resized),
        _ => Ok(resized),
    }
}

/// The middle; a black border is put around a smaller picture first.
pub fn center_crop(picture: &Tensor, size: (u64, u64)) -> Result<Tensor> {
    let size = signed(size);
    let (height, width) = size_of(picture);
    let (lacks_height, lacks_width) = ((size.0 - height).max(0), (size.1 - width).max(0));
    let padded = picture.f_constant_pad_nd([
        lacks_width / 2,
        (lacks_width + 1) / 2,
        lacks_height / 2,
        (lacks_height + 1) / 2,
    ])?;
    let (height, width) = size_of(&padded);
    // torchvision rounds halves to the even number
    let middle = |whole: i64, part: i64| ((whole - part) as f64 / 2.0).round_ties_even() as i64;
    part(
        &padded,
        (middle(height, size.0), middle(width, size.1)),
        size,
    )
}

pub fn random_resized_crop(
    picture: &Tensor,
    size: (u64, u64),
    scale: (f64, f64),
    ratio: (f64, f64),
    draw: &mut Generator,
) -> Result<Tensor> {
    let (height, width) = size_of(picture);
    let mut found = None;
    for _ in 0..TRIES {
        let area = (height * width) as f64 * draw.between(scale.0, scale.1);
        let ratio = draw.between(ratio.0.ln(), ratio.1.ln()).exp();
        let wide = (area * ratio).sqrt().round_ties_even() as i64;
        let high = (area / ratio).sqrt().round_ties_even() as i64;
        if (1..=width).contains(&wide) && (1..=height).contains(&high) {
            let top = draw.below((height - high + 1) as u64) as i64;
            let left = draw.below((width - wide + 1) as u64) as i64;
            found = Some(((top, left), (high, wide)));
            break;
        }
    }
    let (corner, extent) = found.unwrap_or_else(|| middle_part((height, width), ratio));
    resize(&part(picture, corner, extent)?, Side::Both(size.0, size.1))
}

/// The largest part in the middle whose ratio is allowed.
fn middle_part((height, width): (i64, i64), ratio: (f64, f64)) -> ((i64, i64), (i64, i64)) {
    let now = width as f64 / height as f64;
    let extent = if now < ratio.0 {
        ((width as f64 / ratio.0).round_ties_even() as i64, width)
    } else if now > ratio.1 {
        (height, (height as f64 * ratio.1).round_ties_even() as i64)
    } else {
        (height, width)
    };
    let extent = (extent.0.clamp(1, height), extent.1.clamp(1, width));
    (((height - extent.0) / 2, (width - extent.1) / 2), extent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::picture::tests::{expected, picture};

    #[test]
    fn sizes_are_torchvisions() {
        let picture = picture();
        for (name, side) in [
            ("resize.12", Side::Shorter(12)),
            ("resize.35", Side::Shorter(35)),
            ("resize.9x40", Side::Both(9, 40)),
        ] {
            let difference = resize(&picture, side).unwrap().f_sub(&expected(name));
            // torchvision interpolates bytes in whole numbers
            let largest = difference.unwrap().abs().max().double_value(&[]);
            assert!(largest <= 1.0, "{name}: {largest}");
        }
        for (name, size) in [("center.13x16", (13, 16)), ("center.30x31", (30, 31))] {
            assert!(
                center_crop(&picture, size).unwrap().equal(&expected(name)),
                "{name}"
            );
        }
    }

    #[test]
    fn a_crop_is_a_part_of_the_padded_picture() {
        let picture = picture();
        let padded = picture.constant_pad_nd([3, 3, 3, 3]);
        let mut draw = Generator::new("test", 1, 1);
        let mut corners = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let crop = crop(&picture, (18, 25), 3, &mut draw).unwrap();
            let found = (0..=8).flat_map(|top| (0..=8).map(move |left| (top, left)));
            let mut found = found.filter(|(top, left)| {
                let part = padded.narrow(1, *top, 18).narrow(2, *left, 25);
                part.equal(&crop)
            });
            corners.insert(found.next().expect("a part"));
        }
        assert!(corners.len() > 20, "{corners:?}");
    }

    #[test]
    fn resized_parts_have_the_size_and_the_area() {
        let mut draw = Generator::new("test", 1, 1);
        let plane = Tensor::arange(40, (Kind::Float, tch::Device::Cpu));
        let picture = plane.unsqueeze(1).expand([40, 40], false).unsqueeze(0);
        for _ in 0..50 {
            let part =
                random_resized_crop(&picture, (8, 8), (0.25, 0.25), (1.0, 1.0), &mut draw).unwrap();
            assert_eq!(part.size(), [1, 8, 8]);
            // a quarter of the area at ratio 1 spans 20 of 40 rows; rows are averaged 2.5 at a time
            let span = part.max().double_value(&[]) - part.min().double_value(&[]);
            assert!((span - 17.5).abs() < 0.6, "{span}");
        }
        let whole = random_resized_crop(&picture, (40, 40), (9.0, 9.0), (0.5, 2.0), &mut draw);
        assert!(whole.unwrap().equal(&picture), "no part fits: the middle");
    }
}
