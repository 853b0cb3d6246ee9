//! A convolution of few channels with the max pooling behind it, on the CPU.
//!
//! Of the convolution's map only the lines under a row of windows are there at a time. And what pooling leaves of its
//! gradient is one number for each window: the gradients of weight and map are computed from these alone, for a
//! window of 2 by 2 with a quarter of the multiplications that a convolution takes.

mod backward;
mod forward;

use super::number::{Bf16, Number};
use super::windows::Windows;
use crate::autograd::{in_parallel, set_gradients};
use crate::layout;
use crate::shared::Shared;
use pulp::Arch;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use tch::{Device, Kind, TchError, Tensor, no_grad_guard};

type Result<T> = std::result::Result<T, TchError>;

/// Output channels come in so many: what the widest vectors hold.
const CHANNELS: usize = 16;

/// As few multiply-adds as are worth a thread.
const LEAST: usize = 256 * 1024;

#[derive(Clone, Copy)]
pub struct Pooling {
    pub padding: [i64; 2],
    /// Of a window.
    pub size: [i64; 2],
    pub relu: bool,
}

/// Sizes of what is convolved, and of the windows on what the convolution gives.
#[derive(Clone, Copy)]
struct Sizes {
    pictures: usize,
    channels: usize,
    /// Of a picture.
    height: usize,
    width: usize,
    kernel: [usize; 2],
    padding: [usize; 2],
    windows: Windows,
}

/// The largest number of each window of the convolution, whose stride and dilation are 1, or zero if that is more and
/// relu is asked for. None where libtorch is to compute it.
pub fn pooled_convolution(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    pooling: Pooling,
) -> Result<Option<Tensor>> {
    // without vectors libtorch is faster
    let plain = matches!(Arch::new(), Arch::Scalar);
    if plain || x.device() != Device::Cpu || x.dim() != 4 || !has_pixels(x)? {
        return Ok(None);
    }
    let Some(sizes) = Sizes::new(x, weight, pooling)? else {
        return Ok(None);
    };
    let convolution = Convolution {
        sizes,
        weight: layout::numbers(weight)?,
        bias: bias.map(layout::numbers).transpose()?,
    };
    match x.kind() {
        Kind::Float => convolution.pooled::<f32>(x, weight, bias).map(Some),
        Kind::BFloat16 => convolution.pooled::<Bf16>(x, weight, bias).map(Some),
        _ => Ok(None),
    }
}

/// Whether the channels of a pixel lie side by side: one channel always does.
fn has_pixels(x: &Tensor) -> Result<bool> {
    Ok(layout::is_channels_last(x)? || (x.size()[1] == 1 && x.is_contiguous()))
}

/// With its parameters as they are in this step.
struct Convolution {
    sizes: Sizes,
    /// `[outputs, channels, kernel, kernel]`.
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
}

impl Sizes {
    fn new(x: &Tensor, weight: &Tensor, pooling: Pooling) -> Result<Option<Sizes>> {
        let usizes = |sizes: Vec<i64>| sizes.into_iter().map(|size| size as usize);
        let x: Vec<usize> = usizes(x.size()).collect();
        let weight: Vec<usize> = usizes(weight.size()).collect();
        let padding = pooling.padding.map(|size| size as usize);
        let ([pictures, channels, height, width], [outputs, _, high, wide]) = (&x[..], &weight[..])
        else {
            return Ok(None);
        };
        let map = |size: usize, padding: usize, kernel: usize| {
            (size + 2 * padding + 1).checked_sub(kernel)
        };
        let map = [
            map(*height, padding[0], *high),
            map(*width, padding[1], *wide),
        ];
        let ([Some(rows), Some(columns)], 0) = (map, outputs % CHANNELS) else {
            return Ok(None);
        };
        let size = pooling.size.map(|size| size as usize);
        let windows = Windows::new(*outputs, [rows, columns], size, pooling.relu);
        Ok(windows.map(|windows| Sizes {
            pictures: *pictures,
            channels: *channels,
            height: *height,
            width: *width,
            kernel: [*high, *wide],
            padding,
            windows,
        }))
    }

    fn outputs(&self) -> usize {
        self.windows.channels
    }

    /// Numbers of a picture.
    fn picture(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Numbers of a picture's result.
    fn result(&self) -> usize {
        self.windows.rows() * self.windows.columns() * self.outputs()
    }

    /// Numbers of a line of a picture with its padding.
    fn line(&self) -> usize {
        (self.width + 2 * self.padding[1]) * self.channels
    }

    /// Numbers of a picture with its padding, and a vector more, so that one can be read from the last of them.
    fn padded(&self, lanes: usize) -> usize {
        (self.height + 2 * self.padding[0]) * self.line() + lanes
    }

    /// Where a line of a picture lies in the padded one.
    fn inside(&self, y: usize) -> Range<usize> {
        let start = (y + self.padding[0]) * self.line() + self.padding[1] * self.channels;
        start..start + self.width * self.channels
    }

    /// Numbers under a line of the kernel, which lie side by side.
    fn run(&self) -> usize {
        self.kernel[1] * self.channels
    }

    /// Where a weight lies: those of an output channel line by line, the channels of a pixel side by side.
    fn place(&self, output: usize, y: usize, k: usize) -> usize {
        let (x, channel) = (k / self.channels, k % self.channels);
        ((output * self.channels + channel) * self.kernel[0] + y) * self.kernel[1] + x
    }

    fn multiply_adds(&self) -> usize {
        let Windows { height, width, .. } = self.windows;
        height * width * self.outputs() * self.kernel[0] * self.run()
    }

    /// Each thread has some of the pictures.
    fn in_parallel(&self, work: impl Fn(Range<usize>) + Sync) {
        let least = LEAST / self.multiply_adds().max(1);
        in_parallel(self.pictures, least.max(1), work);
    }

    /// Puts a picture into the middle of a padded one.
    #[inline(always)]
    fn pad<T: Number>(&self, picture: &[T], padded: &mut [f32]) {
        let lines = picture.chunks_exact(self.width * self.channels);
        for (y, line) in lines.enumerate() {
            for (to, from) in padded[self.inside(y)].iter_mut().zip(line) {
                *to = from.value();
            }
        }
    }
}

impl Convolution {
    fn pooled<T: Number>(
        self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let sizes = self.sizes;
        let x_without = x.f_detach()?;
        let Windows { channels, .. } = sizes.windows;
        let (rows, columns) = (sizes.windows.rows(), sizes.windows.columns());
        let size = [sizes.pictures, channels, rows, columns].map(|size| size as i64);
        let result = layout::empty_channels_last(size, x.kind())?;
        let mut places = vec![0; result.numel()];
        {
            let (from, to) = (Shared::<T>::of(&x_without), Shared::<T>::of(&result));
            let of_each = Shared::over(&mut places);
            sizes.in_parallel(|pictures| {
                Arch::new().dispatch(forward::Forward {
                    convolution: &self,
                    from: &from,
                    to: &to,
                    places: &of_each,
                    pictures,
                });
            });
        }
        let operands: Vec<&Tensor> = [x, weight].into_iter().chain(bias).collect();
        let of_x = x.requires_grad();
        let shape = weight.size();
        set_gradients(&operands, &result, move |gradient| {
            let _no_grad = no_grad_guard();
            self.gradients::<T>(&x_without, of_x, gradient, &places, &shape)
        })?;
        Ok(result)
    }

    /// Of `x`, if it is wanted, of the weight and of the bias.
    fn gradients<T: Number>(
        &self,
        x: &Tensor,
        of_x: bool,
        gradient: &Tensor,
        places: &[u8],
        shape: &[i64],
    ) -> Result<Vec<Option<Tensor>>> {
        let sizes = &self.sizes;
        let gradient = layout::channels_last(gradient)?;
        let size = [sizes.pictures, sizes.channels, sizes.height, sizes.width];
        let empty = || layout::empty_channels_last(size.map(|size| size as i64), x.kind());
        let x_gradient = of_x.then(empty).transpose()?;
        let of_threads = Mutex::new(Vec::new());
        {
            let (x, gradient) = (Shared::<T>::of(x), Shared::<T>::of(&gradient));
            let to = x_gradient.as_ref().map(Shared::<T>::of);
            sizes.in_parallel(|pictures| {
                let start = pictures.start;
                let sums = Arch::new().dispatch(backward::Backward {
                    convolution: self,
                    x: &x,
                    gradient: &gradient,
                    places,
                    to: to.as_ref(),
                    pictures,
                });
                let mut all = of_threads.lock().unwrap_or_else(PoisonError::into_inner);
                all.push((start, sums));
            });
        }
        let mut sums = of_threads
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        // whichever thread was done first
        sums.sort_by_key(|(start, _)| *start);
        let sum = |part: fn(&backward::Sums) -> &[f32]| {
            let mut sum = vec![0.0; sums.first().map_or(0, |(_, first)| part(first).len())];
            for (_, one) in &sums {
                (sum.iter_mut().zip(part(one))).for_each(|(sum, number)| *sum += number);
            }
            Tensor::f_from_slice(&sum)?.f_to_kind(x.kind())
        };
        let weight = sum(|sums| &sums.weight)?.f_reshape(shape)?;
        let mut all = vec![x_gradient, Some(weight)];
        if self.bias.is_some() {
            all.push(Some(sum(|sums| &sums.bias)?));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
