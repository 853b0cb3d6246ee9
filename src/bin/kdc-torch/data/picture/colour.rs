//! Colours of a picture: brightness, contrast, saturation, sharpness, hue. A factor of 1 changes nothing.

use crate::failure::Result;
use crate::random::Generator;
use tch::{Kind, Tensor};

/// Brightness, contrast and saturation by these strengths, and the hue, in a random order.
pub fn jitter(
    picture: &Tensor,
    strengths: [f64; 3],
    hue: f64,
    draw: &mut Generator,
) -> Result<Tensor> {
    let mut order = [0, 1, 2, 3];
    for i in (1..order.len()).rev() {
        order.swap(i, draw.below(i as u64 + 1) as usize);
    }
    let mut picture = picture.shallow_clone();
    for which in order {
        let reach = strengths.get(which).copied().unwrap_or(hue);
        let change = draw.between(-reach, reach);
        if reach == 0.0 {
            continue;
        }
        picture = match which {
            0 => brightness(&picture, 1.0 + change)?,
            1 => contrast(&picture, 1.0 + change)?,
            2 => saturation(&picture, 1.0 + change)?,
            _ => turn_hue(&picture, change)?,
        };
    }
    Ok(picture)
}

pub fn brightness(picture: &Tensor, factor: f64) -> Result<Tensor> {
    blend(picture, &picture.f_zeros_like()?, factor)
}

pub fn contrast(picture: &Tensor, factor: f64) -> Result<Tensor> {
    let mean = grey(picture)?.f_to_kind(Kind::Float)?.f_mean(None)?;
    blend(picture, &mean, factor)
}

pub fn saturation(picture: &Tensor, factor: f64) -> Result<Tensor> {
    blend(picture, &grey(picture)?, factor)
}

/// Away from the picture smoothed by 3×3, whose border stays as it is.
pub fn sharpness(picture: &Tensor, factor: f64) -> Result<Tensor> {
    let size = picture.size();
    let (channels, height, width) = (size[0], size[1], size[2]);
    if height <= 2 || width <= 2 {
        return Ok(picture.shallow_clone());
    }
    let kernel = Tensor::f_ones([channels, 1, 3, 3], (Kind::Float, picture.device()))?;
    let _ = kernel.f_narrow(2, 1, 1)?.f_narrow(3, 1, 1)?.f_fill_(5.0)?;
    let kernel = kernel.f_div_scalar(13.0)?;
    let given = picture.f_unsqueeze(0)?.f_to_kind(Kind::Float)?;
    let smooth = given
        .f_conv2d::<Tensor>(&kernel, None, [1, 1], [0, 0], [1, 1], channels)?
        .f_squeeze_dim(0)?;
    let smooth = match picture.kind() {
        Kind::Uint8 => smooth.f_round()?,
        _ => smooth,
    };
    let mut blurred = picture.f_empty_like()?;
    blurred.f_copy_(picture)?;
    blurred
        .f_narrow(1, 1, height - 2)?
        .f_narrow(2, 1, width - 2)?
        .f_copy_(&smooth.f_to_kind(picture.kind())?)?;
    blend(picture, &blurred, factor)
}

/// `factor` of one and the rest of the other. Bytes are cut off, not rounded, as torchvision does.
fn blend(one: &Tensor, other: &Tensor, factor: f64) -> Result<Tensor> {
    let most = match one.kind() {
        Kind::Uint8 => 255.0,
        _ => 1.0,
    };
    let float = |t: &Tensor| t.f_to_kind(Kind::Float);
    Ok(float(one)?
        .f_mul_scalar(factor)?
        .f_add(&float(other)?.f_mul_scalar(1.0 - factor)?)?
        .f_clamp(0.0, most)?
        .f_to_kind(one.kind())?)
}

fn grey(picture: &Tensor) -> Result<Tensor> {
    let channel = |i, weight: f64| {
        picture
            .f_narrow(0, i, 1)?
            .f_to_kind(Kind::Float)?
            .f_mul_scalar(weight)
    };
    Ok(channel(0, 0.2989)?
        .f_add(&channel(1, 0.587)?)?
        .f_add(&channel(2, 0.114)?)?
        .f_to_kind(picture.kind())?)
}

/// Real numbers only. By so much of the circle of hues.
fn turn_hue(picture: &Tensor, turn: f64) -> Result<Tensor> {
    let (most, which) = picture.f_max_dim(0, false)?;
    let least = picture.f_amin([0], false)?;
    let spread = most.f_sub(&least)?;
    let grey = spread.f_eq(0.0)?;
    let divisor = spread.f_masked_fill(&grey, 1.0)?;
    let channel = |i| picture.f_select(0, i);
    // the hue in sixths of the circle, from the channel that is strongest
    let sixth = |from: i64, minus: i64, offset: f64| {
        channel(from)?
            .f_sub(&channel(minus)?)?
            .f_div(&divisor)?
            .f_add_scalar(offset)
    };
    let hue = sixth(1, 2, 0.0)?
        .f_where_self(&which.f_eq(0)?, &sixth(2, 0, 2.0)?)?
        .f_where_self(&which.f_ne(2)?, &sixth(0, 1, 4.0)?)?;
    let hue = hue.f_add_scalar(6.0 * turn)?;
    // n-th channel: most - spread * clamp(min(k, 4 - k), 0, 1) with k = (n + hue) mod 6
    let turned = [5.0, 3.0, 1.0].map(|n| -> Result<Tensor> {
        let k = hue.f_add_scalar(n)?.f_remainder(6.0)?;
        let share = k
            .f_minimum(&k.f_neg()?.f_add_scalar(4.0)?)?
            .f_clamp(0.0, 1.0)?;
        Ok(most.f_sub(&spread.f_mul(&share)?)?)
    });
    let [red, green, blue] = turned;
    Ok(Tensor::f_stack(&[red?, green?, blue?], 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::picture::real;
    use crate::data::picture::tests::{expected, picture};

    type Change = fn(&Tensor, f64) -> Result<Tensor>;

    #[test]
    fn colours_are_torchvisions() {
        let changes: [(&str, Change); 4] = [
            ("brightness", brightness),
            ("contrast", contrast),
            ("saturation", saturation),
            ("sharpness", sharpness),
        ];
        for (name, change) in changes {
            for factor in [0.3, 1.7] {
                let key = format!("{name}.{factor}");
                let got = change(&picture(), factor).unwrap();
                assert!(got.equal(&expected(&key)), "{key}");
                let got = change(&real(&picture()).unwrap(), factor).unwrap();
                let close = got.allclose(&expected(&format!("{key}.real")), 1e-6, 1e-6, false);
                assert!(close, "{key} of real numbers");
            }
        }
        for turn in [-0.3, 0.1, 0.5] {
            let got = turn_hue(&real(&picture()).unwrap(), turn).unwrap();
            let expected = expected(&format!("hue.{turn}"));
            assert!(got.allclose(&expected, 1e-5, 1e-5, false), "hue by {turn}");
        }
    }

    #[test]
    fn jitter_stays_within_its_strength() {
        let grey = Tensor::full([3, 2, 2], 0.5, (Kind::Float, tch::Device::Cpu));
        let mut draw = Generator::new("test", 1, 1);
        let (mut low, mut high) = (1.0f64, 0.0f64);
        for _ in 0..100 {
            let value = jitter(&grey, [0.4, 0.0, 0.0], 0.0, &mut draw).unwrap();
            let value = value.double_value(&[0, 0, 0]);
            (low, high) = (low.min(value), high.max(value));
        }
        assert!(
            (0.3..0.33).contains(&low) && (0.67..0.7).contains(&high),
            "{low} {high}"
        );
    }
}
