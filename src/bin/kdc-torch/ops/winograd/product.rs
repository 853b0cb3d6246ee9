//! The products of F(4x4, 3x3): for each of its points a matrix product of tiles and filters.

use super::transform::{POINTS, filter};
use pulp::{Simd, WithSimd};

/// Tiles that are multiplied at once. With two vectors of filters their sums fill twelve registers.
pub const TILES: usize = 6;

/// Vectors of filters that are multiplied at once.
pub const VECTORS: usize = 2;

/// Filters `[filters, channels, 3, 3]` at the points, as `[point, panel, channel, filter of the panel]`.
pub fn packed(weight: &[f32], channels: usize, panel: usize) -> Vec<f32> {
    let filters = weight.len() / (9 * channels);
    let panels = filters.div_ceil(panel);
    let mut packed = vec![0.0; POINTS * POINTS * panels * channels * panel];
    for (at, weight) in weight.chunks_exact(9).enumerate() {
        let (of, channel) = (at / channels, at % channels);
        for (point, value) in filter(weight).into_iter().enumerate() {
            let row = (point * panels + of / panel) * channels + channel;
            packed[row * panel + of % panel] = value;
        }
    }
    packed
}

/// Of one point.
pub struct Product<'a> {
    /// `[tile, channel]`, a multiple of [`TILES`].
    pub tiles: &'a [f32],
    /// From one tile to the next.
    pub stride: usize,
    /// `[panel, channel, filter of the panel]`
    pub filters: &'a [f32],
    pub channels: usize,
    /// `[tile, filter]`
    pub sums: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let filters = S::as_simd_f32s(self.filters).0.as_chunks::<VECTORS>().0;
        let sums = S::as_mut_simd_f32s(self.sums).0;
        let sums = sums.as_chunks_mut::<VECTORS>().0;
        let panels = filters.len() / self.channels;
        for (at, panel) in filters.chunks_exact(self.channels).enumerate() {
            let tiles = self.tiles.chunks_exact(TILES * self.stride);
            let sums = sums.chunks_exact_mut(TILES * panels);
            for (tiles, sums) in tiles.zip(sums) {
                let tiles = std::array::from_fn(|t| &tiles[t * self.stride..]);
                let products = multiplied(simd, tiles, panel);
                for (tile, products) in products.into_iter().enumerate() {
                    sums[tile * panels + at] = products;
                }
            }
        }
    }
}

/// The sums over all channels, in their order: what a tile gives does not depend on the tiles beside it.
#[inline(always)]
fn multiplied<S: Simd>(
    simd: S,
    tiles: [&[f32]; TILES],
    panel: &[[S::f32s; VECTORS]],
) -> [[S::f32s; VECTORS]; TILES] {
    let tiles = tiles.map(|tile| &tile[..panel.len()]);
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; TILES];
    for (channel, [left, right]) in panel.iter().enumerate() {
        for (tile, sums) in tiles.iter().zip(&mut sums) {
            let number = simd.splat_f32s(tile[channel]);
            sums[0] = simd.mul_add_e_f32s(number, *left, sums[0]);
            sums[1] = simd.mul_add_e_f32s(number, *right, sums[1]);
        }
    }
    sums
}
