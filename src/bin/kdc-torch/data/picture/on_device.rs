//! Crops and flips of a whole batch on a GPU, where a picture alone is not worth a kernel. They draw and give what
//! [`super::change`] draws and gives picture by picture.

use super::outcome;
use crate::failure::Result;
use crate::random::Generator;
use crate::shim;
use kdc::plan::PictureChange;
use kdc::plan::views::{Corners, Outcomes};
use tch::{Kind, Tensor};

/// The pictures `[N, C, H, W]` after the change; none if it is not one of these.
pub fn change(
    change: &PictureChange,
    pictures: &Tensor,
    draw: &mut Generator,
) -> Result<Option<Tensor>> {
    Ok(match *change {
        PictureChange::Crop { size, padding } => Some(cropped(pictures, size, padding, draw)?),
        PictureChange::Flip { probability } => Some(flipped(pictures, probability, draw)?),
        _ => None,
    })
}

fn cropped(
    pictures: &Tensor,
    (height, width): (u64, u64),
    padding: u64,
    draw: &mut Generator,
) -> Result<Tensor> {
    let sizes = pictures.size();
    let corners = Corners::of((sizes[2] as u64, sizes[3] as u64), (height, width), padding);
    let drawn = (0..sizes[0]).map(|_| corners.place(outcome(Outcomes::Corner(corners), draw)));
    let (tops, lefts): (Vec<i64>, Vec<i64>) = drawn.map(|(y, x)| (y as i64, x as i64)).unzip();
    let (height, width, p) = (height as i64, width as i64, padding as i64);
    let padded = pictures.f_constant_pad_nd([p, p, p, p])?;
    let device = pictures.device();
    // the place in a padded picture of each pixel that is kept
    let along = |from: &[i64], length| -> Result<Tensor> {
        let from = shim::upload(&Tensor::f_from_slice(from)?, device)?;
        let steps = Tensor::f_arange(length, (Kind::Int64, device))?;
        Ok(from.f_unsqueeze(1)?.f_add(&steps)?)
    };
    let rows = along(&tops, height)?.f_mul_scalar(sizes[3] + 2 * p)?;
    let columns = along(&lefts, width)?;
    let places = rows.f_unsqueeze(2)?.f_add(&columns.f_unsqueeze(1)?)?;
    let places = places.f_reshape([sizes[0], 1, height * width])?;
    let places = places.f_expand([sizes[0], sizes[1], height * width], false)?;
    let kept = padded.f_flatten(2, 3)?.f_gather(2, &places, false)?;
    Ok(kept.f_reshape([sizes[0], sizes[1], height, width])?)
}

fn flipped(pictures: &Tensor, probability: f64, draw: &mut Generator) -> Result<Tensor> {
    let each = 0..pictures.size()[0];
    let flips = each.map(|_| outcome(Outcomes::Flip { probability }, draw) == 1);
    let flips: Vec<bool> = flips.collect();
    let flips = shim::upload(&Tensor::f_from_slice(&flips)?, pictures.device())?;
    let flips = flips.f_reshape([-1, 1, 1, 1])?;
    Ok(pictures.f_flip([3])?.f_where_self(&flips, pictures)?)
}
