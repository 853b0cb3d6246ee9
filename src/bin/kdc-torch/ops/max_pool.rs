//! Max pooling of pictures whose channels lie side by side, on the CPU, by windows that do not overlap, and the
//! relu behind it. The same bits as libtorch's, in a fraction of the time: what limits it is memory, and libtorch
//! keeps eight bytes to know where each maximum was, fills the gradient with zeros first, and goes through all
//! results again for the relu.

use crate::autograd::{in_parallel, set_gradient};
use crate::layout;
use crate::shared::Shared;
use std::ops::Range;
use tch::{Device, Kind, TchError, Tensor};

/// What is computed at once.
const LANES: usize = 16;

/// The place of a maximum that relu takes away.
const NOWHERE: u8 = u8::MAX;

/// As few results as are worth a thread.
const LEAST: usize = 16 * 1024;

/// Sizes of what is pooled, of the windows, and of the result.
#[derive(Clone, Copy)]
struct Pooling {
    pictures: usize,
    channels: usize,
    height: usize,
    width: usize,
    window: [usize; 2],
    relu: bool,
}

/// The largest of each window of `[N, C, H, W]`, or zero if that is more and `relu` asks for it. None where
/// libtorch is to compute it.
pub fn max_pool(x: &Tensor, window: [i64; 2], relu: bool) -> Result<Option<Tensor>, TchError> {
    let window = window.map(|size| size as usize);
    let few = window[0] * window[1] < usize::from(NOWHERE);
    if x.device() != Device::Cpu || x.dim() != 4 || !few || !layout::is_channels_last(x)? {
        return Ok(None);
    }
    let (pictures, channels, height, width) = x.size4()?;
    let [pictures, channels, height, width] =
        [pictures, channels, height, width].map(|size| size as usize);
    let pooling = Pooling {
        pictures,
        channels,
        height,
        width,
        window,
        relu,
    };
    match x.kind() {
        Kind::Float => pooling.forward::<f32>(x).map(Some),
        Kind::BFloat16 => pooling.forward::<Bf16>(x).map(Some),
        _ => Ok(None),
    }
}

impl Pooling {
    fn forward<T: Number>(self, x: &Tensor) -> Result<Tensor, TchError> {
        let x_without = x.f_detach()?;
        let result = layout::empty_channels_last(self.result(), x.kind())?;
        let mut places = vec![0; result.numel()];
        {
            let (from, to) = (Shared::<T>::of(&x_without), Shared::<T>::of(&result));
            let of_each = Shared::over(&mut places);
            self.each_row(|row| {
                let (source, pooled) = (self.read(row), self.written(row));
                // SAFETY: no two rows of results are the same, and nobody writes what is pooled.
                #[allow(unsafe_code)]
                let (source, to, places) = unsafe {
                    (
                        from.part(source),
                        to.part(pooled.clone()),
                        of_each.part(pooled),
                    )
                };
                self.pool_row(source, to, places);
            });
        }
        if x.requires_grad() {
            set_gradient(x, &result, move |gradient| {
                self.backward::<T>(gradient, &places)
            })?;
        }
        Ok(result)
    }

    fn backward<T: Number>(self, gradient: &Tensor, places: &[u8]) -> Result<Tensor, TchError> {
        let gradient = layout::channels_last(gradient)?;
        let result = layout::empty_channels_last(self.pooled(), gradient.kind())?;
        let (from, to) = (Shared::<T>::of(&gradient), Shared::<T>::of(&result));
        self.each_row(|row| {
            let (source, pooled) = (self.read(row), self.written(row));
            // SAFETY: each row of windows has rows of its own of what was pooled, and nobody writes the gradient.
            #[allow(unsafe_code)]
            let (gradient, source) = unsafe { (from.part(pooled.clone()), to.part(source)) };
            self.unpool_row(gradient, &places[pooled], source);
        });
        Ok(result)
    }

    /// `[N, C, H, W]` of what is pooled.
    fn pooled(&self) -> [i64; 4] {
        [self.pictures, self.channels, self.height, self.width].map(|size| size as i64)
    }

    /// `[N, C, H, W]` of the result.
    fn result(&self) -> [i64; 4] {
        let [rows, columns] = self.windows();
        [self.pictures, self.channels, rows, columns].map(|size| size as i64)
    }

    /// How many fit below each other, and side by side.
    fn windows(&self) -> [usize; 2] {
        [self.height / self.window[0], self.width / self.window[1]]
    }

    fn each_row(&self, work: impl Fn(usize) + Sync) {
        let [rows, columns] = self.windows();
        let least = LEAST / (columns * self.channels).max(1);
        in_parallel(self.pictures * rows, least.max(1), |some| {
            some.for_each(&work)
        });
    }

    /// The results of a row of windows.
    fn written(&self, row: usize) -> Range<usize> {
        let length = self.windows()[1] * self.channels;
        row * length..(row + 1) * length
    }

    /// What a row of windows stands on; the last one of a picture also has what lies below it.
    fn read(&self, row: usize) -> Range<usize> {
        let rows = self.windows()[0];
        let (picture, row) = (row / rows, row % rows);
        let end = match row + 1 == rows {
            true => self.height,
            false => (row + 1) * self.window[0],
        };
        let at = |y: usize| (picture * self.height + y) * self.width * self.channels;
        at(row * self.window[0])..at(end)
    }

    fn pool_row<T: Number>(&self, source: &[T], results: &mut [T], places: &mut [u8]) {
        let pixels = results.chunks_exact_mut(self.channels);
        let places = places.chunks_exact_mut(self.channels);
        for (column, (results, places)) in pixels.zip(places).enumerate() {
            let window = &source[column * self.window[1] * self.channels..];
            let (blocks, rest) = results.as_chunks_mut::<LANES>();
            let (block_places, rest_places) = places.as_chunks_mut::<LANES>();
            let done = blocks.len() * LANES;
            for (k, (results, places)) in blocks.iter_mut().zip(block_places).enumerate() {
                self.pool(&window[k * LANES..], results, places);
            }
            for (k, (result, place)) in rest.iter_mut().zip(rest_places).enumerate() {
                let one = (std::array::from_mut(result), std::array::from_mut(place));
                self.pool(&window[done + k..], one.0, one.1);
            }
        }
    }

    /// Of some channels of one window, which begins with `source`.
    #[inline(always)]
    fn pool<T: Number, const N: usize>(
        &self,
        source: &[T],
        results: &mut [T; N],
        places: &mut [u8; N],
    ) {
        let mut largest = [f32::NEG_INFINITY; N];
        let mut place = [0u32; N];
        for y in 0..self.window[0] {
            for x in 0..self.window[1] {
                let at = (y * self.width + x) * self.channels;
                let seen = &source[at..at + N];
                let here = (y * self.window[1] + x) as u32;
                for k in 0..N {
                    let value = seen[k].value();
                    // what is not a number counts as more, as for libtorch
                    let more = (value > largest[k]) | value.is_nan();
                    largest[k] = if more { value } else { largest[k] };
                    place[k] = if more { here } else { place[k] };
                }
            }
        }
        if self.relu {
            for k in 0..N {
                let gone = largest[k] <= 0.0;
                largest[k] = if gone { 0.0 } else { largest[k] };
                place[k] = if gone { u32::from(NOWHERE) } else { place[k] };
            }
        }
        for k in 0..N {
            results[k] = T::of(largest[k]);
            places[k] = place[k] as u8;
        }
    }

    fn unpool_row<T: Number>(&self, gradient: &[T], places: &[u8], source: &mut [T]) {
        let [_, columns] = self.windows();
        let covered = columns * self.window[1] * self.channels;
        for (y, line) in source
            .chunks_exact_mut(self.width * self.channels)
            .enumerate()
        {
            let (covered, rest) = line.split_at_mut(if y < self.window[0] { covered } else { 0 });
            rest.fill(T::default());
            let pixels = covered.chunks_exact_mut(self.channels);
            for (column, pixel) in pixels.enumerate() {
                let (x, window) = (column % self.window[1], column / self.window[1]);
                let of_window = window * self.channels..(window + 1) * self.channels;
                let here = (y * self.window[1] + x) as u8;
                let given = gradient[of_window.clone()].iter().zip(&places[of_window]);
                for (value, (&gradient, &place)) in pixel.iter_mut().zip(given) {
                    *value = if place == here {
                        gradient
                    } else {
                        T::default()
                    };
                }
            }
        }
    }
}

/// An element of a tensor.
trait Number: Copy + Default + Send + Sync {
    fn value(self) -> f32;
    /// Of a value that an element had.
    fn of(value: f32) -> Self;
}

impl Number for f32 {
    fn value(self) -> f32 {
        self
    }

    fn of(value: f32) -> f32 {
        value
    }
}

/// The upper half of an `f32`.
#[derive(Clone, Copy, Default)]
struct Bf16(u16);

impl Number for Bf16 {
    fn value(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    fn of(value: f32) -> Bf16 {
        Bf16((value.to_bits() >> 16) as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::alone;

    /// Pictures of which many numbers are equal, and some none.
    fn pictures(size: [i64; 4], kind: Kind) -> Tensor {
        let x = Tensor::randn(size, (Kind::Float, Device::Cpu));
        let x = (x * 2).round() / 2;
        let gaps = Tensor::rand(size, (Kind::Float, Device::Cpu)).gt(0.98);
        let x = x.masked_fill(&gaps, f64::NAN).to_kind(kind);
        let x = layout::channels_last(&x).unwrap();
        x.detach().set_requires_grad(true)
    }

    fn libtorchs(x: &Tensor, window: [i64; 2], relu: bool) -> Tensor {
        let pooled = x.max_pool2d(window, window, [0, 0], [1, 1], false);
        if relu { pooled.relu() } else { pooled }
    }

    fn bits(x: &Tensor) -> Vec<u8> {
        // minus zero is zero
        layout::bytes(&(x.detach() + 0.0)).unwrap()
    }

    #[test]
    fn values_and_gradients_are_libtorchs_to_the_last_bit() {
        let _alone = alone();
        tch::set_num_threads(2);
        tch::manual_seed(1);
        let sizes = [
            ([3, 16, 8, 8], [2, 2]),
            ([2, 19, 7, 9], [2, 2]),
            ([5, 3, 9, 11], [3, 2]),
            ([1, 40, 6, 5], [1, 5]),
            ([200, 16, 12, 12], [2, 3]),
        ];
        for kind in [Kind::Float, Kind::BFloat16] {
            for (size, window) in sizes {
                for relu in [false, true] {
                    let x = pictures(size, kind);
                    let expected = libtorchs(&x, window, relu);
                    let found = max_pool(&x, window, relu).unwrap().unwrap();
                    let case = format!("{kind:?} {size:?} {window:?} {relu}");
                    assert_eq!(bits(&found), bits(&expected), "{case}");
                    let gradient = Tensor::randn_like(&expected.detach());
                    let of = |y: &Tensor| {
                        Tensor::run_backward(&[&(y * &gradient).sum(kind)], &[&x], false, false)
                            .remove(0)
                    };
                    assert_eq!(bits(&of(&found)), bits(&of(&expected)), "{case}");
                }
            }
        }
    }

    #[test]
    fn other_layouts_and_kinds_are_left_to_libtorch() {
        let _alone = alone();
        let x = Tensor::randn([2, 4, 6, 6], (Kind::Float, Device::Cpu));
        let turned = layout::channels_last(&x).unwrap();
        let fits = |x: &Tensor| max_pool(x, [2, 2], false).unwrap().is_some();
        assert!(!fits(&x) && fits(&turned));
        assert!(!fits(&turned.to_kind(Kind::Double)));
        assert!(!fits(&turned.narrow(1, 0, 3)));
    }

    #[test]
    fn a_result_may_be_overwritten_and_read_twice() {
        let _alone = alone();
        let x = pictures([2, 16, 4, 4], Kind::Float).nan_to_num(0.0, None, None);
        let x = layout::channels_last(&x.detach())
            .unwrap()
            .set_requires_grad(true);
        let gradient = |y: Tensor| {
            let sum = y.square().sum(Kind::Float) + y.sum(Kind::Float);
            Tensor::run_backward(&[&sum], &[&x], false, false).remove(0)
        };
        let mut found = max_pool(&x, [2, 2], false).unwrap().unwrap();
        let found = gradient(found.relu_());
        assert_eq!(bits(&found), bits(&gradient(libtorchs(&x, [2, 2], true))));
    }
}
