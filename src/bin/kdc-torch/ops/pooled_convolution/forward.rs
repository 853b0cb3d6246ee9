//! The convolution, a few lines of its map at a time, and the largest number of each window.

use super::{Convolution, Sizes};
use crate::ops::number::Number;
use crate::shared::Shared;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Of some pictures.
pub struct Forward<'a, T> {
    pub convolution: &'a Convolution,
    pub from: &'a Shared<'a, T>,
    pub to: &'a Shared<'a, T>,
    pub places: &'a Shared<'a, u8>,
    pub pictures: Range<usize>,
}

impl<T: Number> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Sums that lie in registers: enough to keep the processor busy while one is added to, and few enough
        // to leave room for what is multiplied.
        match self.convolution.sizes.outputs() % (2 * S::F32_LANES) {
            0 => self.with_blocks::<S, 4, 2>(simd),
            _ => self.with_blocks::<S, 8, 1>(simd),
        }
    }
}

impl<T: Number> Forward<'_, T> {
    /// Computes `PIXELS` pixels at once, of each as many output channels as `VECTORS` hold.
    #[inline(always)]
    fn with_blocks<S: Simd, const PIXELS: usize, const VECTORS: usize>(self, simd: S) {
        let sizes = &self.convolution.sizes;
        let windows = &sizes.windows;
        let packed = Packed::<S, VECTORS>::new(self.convolution);
        let line = windows.width * windows.channels;
        let mut padded = vec![0.0; sizes.padded(S::F32_LANES)];
        let mut map = vec![0.0; windows.size[0] * line];
        let mut room = Vec::new();
        for picture in self.pictures {
            // SAFETY: no two pictures share a number, and nobody writes what is convolved.
            #[allow(unsafe_code)]
            let (from, to, places) = unsafe {
                let of = |length| picture * length..(picture + 1) * length;
                (
                    self.from.part(of(sizes.picture())),
                    self.to.part(of(sizes.result())),
                    self.places.part(of(sizes.result())),
                )
            };
            sizes.pad(from, &mut padded);
            let row = windows.columns() * windows.channels;
            let rows = to.chunks_exact_mut(row).zip(places.chunks_exact_mut(row));
            for (y, (to, places)) in rows.enumerate() {
                for (k, map) in map.chunks_exact_mut(line).enumerate() {
                    let under = &padded[(y * windows.size[0] + k) * sizes.line()..];
                    packed.convolve::<PIXELS>(simd, sizes, under, map);
                }
                T::round(&mut map);
                windows.pool(simd, &map, T::place(to, &mut room), places);
                T::written(to, &room);
            }
        }
    }
}

/// Weights and biases in the order in which they are read.
struct Packed<S: Simd, const VECTORS: usize> {
    /// For each block of output channels, for each number under the kernel.
    weight: Vec<[S::f32s; VECTORS]>,
    bias: Vec<[S::f32s; VECTORS]>,
}

impl<S: Simd, const VECTORS: usize> Packed<S, VECTORS> {
    const CHANNELS: usize = VECTORS * S::F32_LANES;

    #[inline(always)]
    fn new(convolution: &Convolution) -> Self {
        let sizes = &convolution.sizes;
        let blocks = sizes.outputs() / Self::CHANNELS;
        let of_kernel = sizes.kernel[0] * sizes.run();
        let weight = (0..blocks * of_kernel).map(|k| {
            let (block, k) = (k / of_kernel, k % of_kernel);
            let (y, k) = (k / sizes.run(), k % sizes.run());
            Self::vectors(|channel| {
                let output = block * Self::CHANNELS + channel;
                convolution.weight[sizes.place(output, y, k)]
            })
        });
        let bias = |channel: usize| convolution.bias.as_ref().map_or(0.0, |bias| bias[channel]);
        Packed {
            weight: weight.collect(),
            bias: (0..blocks)
                .map(|block| Self::vectors(|channel| bias(block * Self::CHANNELS + channel)))
                .collect(),
        }
    }

    #[inline(always)]
    fn vectors(number: impl Fn(usize) -> f32) -> [S::f32s; VECTORS] {
        std::array::from_fn(|vector| {
            let numbers: Vec<f32> = (0..S::F32_LANES)
                .map(|lane| number(vector * S::F32_LANES + lane))
                .collect();
            S::as_simd_f32s(&numbers).0[0]
        })
    }

    /// A line of the map, from the lines under the kernel.
    #[inline(always)]
    fn convolve<const PIXELS: usize>(
        &self,
        simd: S,
        sizes: &Sizes,
        under: &[f32],
        map: &mut [f32],
    ) {
        let of_kernel = sizes.kernel[0] * sizes.run();
        let weights = self.weight.chunks_exact(of_kernel);
        for (block, (weight, bias)) in weights.zip(&self.bias).enumerate() {
            let first = block * Self::CHANNELS;
            let whole = sizes.windows.width / PIXELS * PIXELS;
            for x in (0..whole).step_by(PIXELS) {
                let (under, map) = (
                    &under[x * sizes.channels..],
                    &mut map[x * sizes.outputs() + first..],
                );
                Self::pixels::<PIXELS>(simd, sizes, under, (weight, bias), map);
            }
            for x in whole..sizes.windows.width {
                let (under, map) = (
                    &under[x * sizes.channels..],
                    &mut map[x * sizes.outputs() + first..],
                );
                Self::pixels::<1>(simd, sizes, under, (weight, bias), map);
            }
        }
    }

    /// Some pixels of the map, which all add in one order.
    #[inline(always)]
    fn pixels<const PIXELS: usize>(
        simd: S,
        sizes: &Sizes,
        under: &[f32],
        (weight, bias): (&[[S::f32s; VECTORS]], &[S::f32s; VECTORS]),
        map: &mut [f32],
    ) {
        let (run, step) = (sizes.run(), sizes.channels);
        let mut sums = [*bias; PIXELS];
        for (y, weight) in weight.chunks_exact(run).enumerate() {
            let line = &under[y * sizes.line()..][..(PIXELS - 1) * step + run];
            for (k, weight) in weight.iter().enumerate() {
                for (pixel, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: `pixel` is below `PIXELS` and `k` below `run`, for which the line is long enough.
                    #[allow(unsafe_code)]
                    let number = simd.splat_f32s(unsafe { *line.get_unchecked(pixel * step + k) });
                    for (sum, &weight) in sums.iter_mut().zip(weight) {
                        *sum = simd.mul_add_e_f32s(number, weight, *sum);
                    }
                }
            }
        }
        for (pixel, sums) in sums.iter().enumerate() {
            let channels = &mut map[pixel * sizes.outputs()..][..Self::CHANNELS];
            S::as_mut_simd_f32s(channels).0.copy_from_slice(sums);
        }
    }
}
