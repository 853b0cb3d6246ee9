//! Convolutions by 3x3 whose weights stay, of pictures whose channels lie side by side, on the CPU: a quarter of the
//! multiplications.
//!
//! Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks": F(4x4, 3x3) computes tiles of 4x4 results
//! from 6x6 pixels, by way of products at 6x6 points. Filters are taken to the points once, when the operation is
//! prepared.

mod block;
mod product;
#[cfg(test)]
mod tests;
mod transform;

use super::Kernel;
use super::pooling::max_pool;
use super::site::Site;
use crate::autograd::in_parallel;
use crate::failure::Result;
use crate::layout;
use crate::shared::Shared;
use block::Block;
use product::{TILES, VECTORS};
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;
use tch::{Device, Kind, TchError, Tensor, no_grad_guard};
use transform::RESULTS;

/// About as many tiles are worked on at once, so that what they need stays in the cache.
const AT_ONCE: usize = 48;

/// A `conv2d` that the plan marks, with the relu and the max pooling by 2x2 behind it.
pub fn kernel(site: &Site, weight: Tensor, bias: Option<Tensor>) -> Result<Option<Kernel>> {
    let padding = site.pair("padding")?;
    let after = After {
        relu: site.has("relu"),
        pool: site.has("pool"),
    };
    let prepared = Convolution::new(&weight, bias.as_ref(), padding, after)?;
    super::unary(move |x| {
        if let Some(convolution) = &prepared
            && let Some(result) = convolution.apply(x)?
        {
            return Ok(result);
        }
        after.apply(x.f_conv2d(&weight, bias.as_ref(), [1, 1], padding, [1, 1], 1)?)
    })
}

/// What is done to the results.
#[derive(Clone, Copy)]
struct After {
    relu: bool,
    pool: bool,
}

impl After {
    fn apply(self, mut results: Tensor) -> std::result::Result<Tensor, TchError> {
        match self {
            After { pool: true, relu } => max_pool(&results, [[2, 2], [2, 2], [0, 0]], relu),
            After { relu: true, .. } => results.f_relu_(),
            _ => Ok(results),
        }
    }
}

/// With the weights in place.
struct Convolution {
    arch: Arch,
    /// Numbers in a vector.
    lanes: usize,
    channels: usize,
    /// As many are channels of the result.
    filters: usize,
    /// At the points.
    weight: Vec<f32>,
    /// Up to a whole panel of filters.
    bias: Vec<f32>,
    padding: [usize; 2],
    after: After,
}

impl Convolution {
    /// None where libtorch is to compute it.
    fn new(
        weight: &Tensor,
        bias: Option<&Tensor>,
        padding: [i64; 2],
        after: After,
    ) -> Result<Option<Convolution>> {
        let arch = Arch::new();
        // without vectors libtorch is faster
        let plain = matches!(arch, Arch::Scalar);
        if plain || weight.device() != Device::Cpu || weight.kind() != Kind::Float {
            return Ok(None);
        }
        let _no_grad = no_grad_guard();
        let (filters, channels, height, width) = weight.size4()?;
        assert_eq!([height, width], [3, 3], "the plan marks no other");
        let [filters, channels] = [filters, channels].map(|size| size as usize);
        let lanes = arch.dispatch(Lanes);
        let panel = VECTORS * lanes;
        let mut all = bias.map_or(Ok(Vec::new()), layout::numbers)?;
        all.resize(filters.next_multiple_of(panel), 0.0);
        Ok(Some(Convolution {
            arch,
            lanes,
            channels,
            filters,
            weight: product::packed(&layout::numbers(weight)?, channels, panel),
            bias: all,
            padding: padding.map(|size| size as usize),
            after,
        }))
    }

    /// None where libtorch is to compute it.
    fn apply(&self, x: &Tensor) -> std::result::Result<Option<Tensor>, TchError> {
        let fits = x.device() == Device::Cpu && x.kind() == Kind::Float && !x.requires_grad();
        if !fits || !layout::is_channels_last(x)? {
            return Ok(None);
        }
        let (pictures, channels, height, width) = x.size4()?;
        let Some(tiling) = Tiling::new([height, width], self.padding) else {
            return Ok(None);
        };
        if channels != self.channels as i64 {
            return Ok(None);
        }
        let [height, width] = self.size(&tiling).map(|size| size as i64);
        let size = [pictures, self.filters as i64, height, width];
        let result = layout::empty_channels_last(size, Kind::Float)?;
        {
            let (from, to) = (Shared::<f32>::of(x), Shared::<f32>::of(&result));
            // SAFETY: nobody writes what is convolved.
            #[allow(unsafe_code)]
            let pixels: &[f32] = unsafe { from.part(0..x.numel()) };
            let lines = pictures as usize * tiling.lines;
            in_parallel(lines, TILES.div_ceil(tiling.columns), |lines| {
                self.lines(&tiling, pixels, &to, lines);
            });
        }
        Ok(Some(result))
    }

    /// Height and width of the result.
    fn size(&self, tiling: &Tiling) -> [usize; 2] {
        match self.after.pool {
            true => tiling.results.map(|size| size / 2),
            false => tiling.results,
        }
    }

    /// Computes some lines of tiles.
    fn lines(&self, tiling: &Tiling, x: &[f32], to: &Shared<f32>, lines: Range<usize>) {
        let mut block = Block::new(self, tiling);
        for from in lines.clone().step_by(tiling.at_once) {
            let lines = from..(from + tiling.at_once).min(lines.end);
            block.read(x, lines.clone());
            block.multiply(lines.len());
            block.write(lines, to);
        }
    }
}

/// How the results of a picture are cut into tiles.
struct Tiling {
    /// Height and width of what is convolved.
    size: [usize; 2],
    /// Height and width of the convolution's results.
    results: [usize; 2],
    /// Of tiles, in a picture.
    lines: usize,
    /// Tiles in a line.
    columns: usize,
    /// Lines that are worked on at once, of one picture or several.
    at_once: usize,
}

impl Tiling {
    /// None of pictures that are too small.
    fn new(size: [i64; 2], padding: [usize; 2]) -> Option<Tiling> {
        let size = size.map(|size| size as usize);
        let results = |of: usize| (size[of] + 2 * padding[of]).checked_sub(2);
        let results = [results(0)?, results(1)?];
        let [lines, columns] = results.map(|size| size.div_ceil(RESULTS));
        (lines * columns > 0).then(|| Tiling {
            size,
            results,
            lines,
            columns,
            at_once: (AT_ONCE / columns).max(1),
        })
    }
}

/// How many numbers a vector of this processor has.
struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}
