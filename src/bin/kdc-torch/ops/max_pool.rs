//! Max pooling of pictures whose channels lie side by side, on the CPU, by windows that do not overlap, and the
//! relu behind it. The same bits as libtorch's, in a fraction of the time: what limits it is memory, and libtorch
//! keeps eight bytes to know where each maximum was, fills the gradient with zeros first, and goes through all
//! results again for the relu.

use super::number::{Bf16, Number};
use super::windows::Windows;
use crate::autograd::{in_parallel, set_gradients};
use crate::layout;
use crate::shared::Shared;
use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;
use tch::{Device, Kind, TchError, Tensor};

/// As few results as are worth a thread.
const LEAST: usize = 16 * 1024;

/// Windows on some pictures.
#[derive(Clone, Copy)]
struct Pooling {
    pictures: usize,
    windows: Windows,
}

/// The largest of each window of `[N, C, H, W]`, or zero if that is more and `relu` asks for it. None where
/// libtorch is to compute it.
pub fn max_pool(x: &Tensor, window: [i64; 2], relu: bool) -> Result<Option<Tensor>, TchError> {
    if x.device() != Device::Cpu || x.dim() != 4 || !layout::is_channels_last(x)? {
        return Ok(None);
    }
    let (pictures, channels, height, width) = x.size4()?;
    let [channels, height, width] = [channels, height, width].map(|size| size as usize);
    let window = window.map(|size| size as usize);
    let Some(windows) = Windows::new(channels, [height, width], window, relu) else {
        return Ok(None);
    };
    let pooling = Pooling {
        pictures: pictures as usize,
        windows,
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
            self.each_row(|rows| {
                Arch::new().dispatch(Forward {
                    pooling: self,
                    from: &from,
                    to: &to,
                    places: &of_each,
                    rows,
                });
            });
        }
        set_gradients(&[x], &result, move |gradient| {
            Ok(vec![Some(self.backward::<T>(gradient, &places)?)])
        })?;
        Ok(result)
    }

    fn backward<T: Number>(self, gradient: &Tensor, places: &[u8]) -> Result<Tensor, TchError> {
        let gradient = layout::channels_last(gradient)?;
        let result = layout::empty_channels_last(self.pooled(), gradient.kind())?;
        let (from, to) = (Shared::<T>::of(&gradient), Shared::<T>::of(&result));
        self.each_row(|rows| {
            Arch::new().dispatch(Backward {
                pooling: self,
                from: &from,
                places,
                to: &to,
                rows,
            });
        });
        Ok(result)
    }

    /// `[N, C, H, W]` of what is pooled.
    fn pooled(&self) -> [i64; 4] {
        let Windows {
            channels,
            height,
            width,
            ..
        } = self.windows;
        [self.pictures, channels, height, width].map(|size| size as i64)
    }

    /// `[N, C, H, W]` of the result.
    fn result(&self) -> [i64; 4] {
        let windows = &self.windows;
        let (rows, columns) = (windows.rows(), windows.columns());
        [self.pictures, windows.channels, rows, columns].map(|size| size as i64)
    }

    fn each_row(&self, work: impl Fn(Range<usize>) + Sync) {
        let least = LEAST / self.length().max(1);
        in_parallel(self.pictures * self.windows.rows(), least.max(1), work);
    }

    /// How many results a row of windows has.
    fn length(&self) -> usize {
        self.windows.columns() * self.windows.channels
    }

    /// The results of a row of windows.
    fn written(&self, row: usize) -> Range<usize> {
        row * self.length()..(row + 1) * self.length()
    }

    /// What a row of windows stands on; the last one of a picture also has what lies below it.
    fn read(&self, row: usize) -> Range<usize> {
        let Windows { height, size, .. } = self.windows;
        let rows = self.windows.rows();
        let (picture, row) = (row / rows, row % rows);
        let end = match row + 1 == rows {
            true => height,
            false => (row + 1) * size[0],
        };
        let at = |y: usize| (picture * height + y) * self.line();
        at(row * size[0])..at(end)
    }

    /// How many numbers a line of what is pooled has.
    fn line(&self) -> usize {
        self.windows.width * self.windows.channels
    }
}

/// Some rows of windows.
struct Forward<'a, T> {
    pooling: Pooling,
    from: &'a Shared<'a, T>,
    to: &'a Shared<'a, T>,
    places: &'a Shared<'a, u8>,
    rows: Range<usize>,
}

impl<T: Number> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (mut read, mut written) = (Vec::new(), Vec::new());
        for row in self.rows {
            let results = self.pooling.written(row);
            // SAFETY: no two rows of results are the same, and nobody writes what is pooled.
            #[allow(unsafe_code)]
            let (from, to, places) = unsafe {
                (
                    self.from.part(self.pooling.read(row)),
                    self.to.part(results.clone()),
                    self.places.part(results),
                )
            };
            let lines = T::read(from, &mut read);
            let results = T::place(to, &mut written);
            self.pooling.windows.pool(simd, lines, results, places);
            T::written(to, &written);
        }
    }
}

/// Some rows of windows.
struct Backward<'a, T> {
    pooling: Pooling,
    from: &'a Shared<'a, T>,
    places: &'a [u8],
    to: &'a Shared<'a, T>,
    rows: Range<usize>,
}

impl<T: Number> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (mut read, mut written) = (Vec::new(), Vec::new());
        for row in self.rows {
            let results = self.pooling.written(row);
            // SAFETY: each row of windows has rows of its own of what was pooled, and nobody writes the gradient.
            #[allow(unsafe_code)]
            let (from, to) = unsafe {
                (
                    self.from.part(results.clone()),
                    self.to.part(self.pooling.read(row)),
                )
            };
            let (gradients, places) = (T::read(from, &mut read), &self.places[results]);
            let lines = to.chunks_exact_mut(self.pooling.line());
            for (y, line) in lines.enumerate() {
                let values = T::place(line, &mut written);
                self.pooling.windows.unpool(y, gradients, places, values);
                T::written(line, &written);
            }
        }
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
