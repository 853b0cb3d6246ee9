//! The largest number of each window, of windows that do not overlap, with as many channels at once as the
//! processor's vectors hold.

use pulp::{Simd, bytemuck};

/// The place of a maximum that relu takes away.
pub const NOWHERE: u8 = u8::MAX;

/// Windows on a map whose channels of a pixel lie side by side.
#[derive(Clone, Copy)]
pub struct Windows {
    pub channels: usize,
    /// Of the map.
    pub height: usize,
    pub width: usize,
    /// Of a window, high and wide.
    pub size: [usize; 2],
    /// Whether no result is less than zero.
    pub relu: bool,
}

impl Windows {
    /// None if a place in a window is not told by a byte.
    pub fn new(
        channels: usize,
        [height, width]: [usize; 2],
        size: [usize; 2],
        relu: bool,
    ) -> Option<Windows> {
        (size[0] * size[1] < usize::from(NOWHERE)).then_some(Windows {
            channels,
            height,
            width,
            size,
            relu,
        })
    }

    /// How many fit below each other.
    pub fn rows(&self) -> usize {
        self.height / self.size[0]
    }

    /// How many fit side by side.
    pub fn columns(&self) -> usize {
        self.width / self.size[1]
    }

    /// Of `lines` of the map under a row of windows: the largest numbers and their places in the windows.
    #[inline(always)]
    pub fn pool<S: Simd>(&self, simd: S, lines: &[f32], results: &mut [f32], places: &mut [u8]) {
        for column in 0..results.len() / self.channels {
            let window = &lines[column * self.size[1] * self.channels..];
            for from in (0..self.channels).step_by(S::F32_LANES) {
                let to = (from + S::F32_LANES).min(self.channels);
                let some = column * self.channels + from..column * self.channels + to;
                let (results, places) = (&mut results[some.clone()], &mut places[some]);
                self.pool_some(simd, &window[from..], results, places);
            }
        }
    }

    /// Of some channels of the window that begins with `lines`.
    #[inline(always)]
    fn pool_some<S: Simd>(&self, simd: S, lines: &[f32], results: &mut [f32], places: &mut [u8]) {
        let mut largest = simd.splat_f32s(f32::NEG_INFINITY);
        let mut place = simd.splat_u32s(0);
        for y in 0..self.size[0] {
            for x in 0..self.size[1] {
                let at = (y * self.width + x) * self.channels;
                let value = load(simd, &lines[at..at + results.len()]);
                // what is not a number counts as more, as for libtorch
                let none = simd.not_m32s(simd.equal_f32s(value, value));
                let more = simd.or_m32s(simd.greater_than_f32s(value, largest), none);
                let here = simd.splat_u32s((y * self.size[1] + x) as u32);
                largest = simd.select_f32s(more, value, largest);
                place = simd.select_u32s(more, here, place);
            }
        }
        if self.relu {
            let zero = simd.splat_f32s(0.0);
            let gone = simd.less_than_or_equal_f32s(largest, zero);
            largest = simd.select_f32s(gone, zero, largest);
            place = simd.select_u32s(gone, simd.splat_u32s(NOWHERE.into()), place);
        }
        store(simd, results, largest);
        let place: &[u32] = bytemuck::cast_slice(std::slice::from_ref(&place));
        for (to, &from) in places.iter_mut().zip(place) {
            *to = from as u8;
        }
    }

    /// A line of the map, by its place under the windows: the gradients of the results at the places of the largest
    /// numbers, zero elsewhere.
    #[inline(always)]
    pub fn unpool(&self, y: usize, gradients: &[f32], places: &[u8], line: &mut [f32]) {
        for (column, pixel) in line.chunks_exact_mut(self.channels).enumerate() {
            let (x, window) = (column % self.size[1], column / self.size[1]);
            if y >= self.size[0] || window >= self.columns() {
                pixel.fill(0.0);
                continue;
            }
            let of_window = window * self.channels..(window + 1) * self.channels;
            let here = (y * self.size[1] + x) as u8;
            let given = gradients[of_window.clone()].iter().zip(&places[of_window]);
            for (value, (&gradient, &place)) in pixel.iter_mut().zip(given) {
                *value = if place == here { gradient } else { 0.0 };
            }
        }
    }
}

/// As many numbers as there are, at most a vector.
#[inline(always)]
fn load<S: Simd>(simd: S, numbers: &[f32]) -> S::f32s {
    match S::as_simd_f32s(numbers) {
        ([whole], _) => *whole,
        _ => simd.partial_load_f32s(numbers),
    }
}

#[inline(always)]
fn store<S: Simd>(simd: S, numbers: &mut [f32], values: S::f32s) {
    match S::as_mut_simd_f32s(numbers) {
        ([whole], _) => *whole = values,
        (_, part) => simd.partial_store_f32s(part, values),
    }
}
