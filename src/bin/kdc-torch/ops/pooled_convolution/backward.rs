//! The gradients, from the one number for each window that pooling passes back.

use super::{Convolution, Sizes};
use crate::ops::number::Number;
use crate::ops::windows::NOWHERE;
use crate::shared::Shared;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Of some pictures.
pub struct Backward<'a, T> {
    pub convolution: &'a Convolution,
    pub x: &'a Shared<'a, T>,
    /// Of the result.
    pub gradient: &'a Shared<'a, T>,
    pub places: &'a [u8],
    /// Where the gradient of `x` goes, if it is wanted.
    pub to: Option<&'a Shared<'a, T>>,
    pub pictures: Range<usize>,
}

/// Gradients of weight and bias, as these lie.
pub struct Sums {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// A number that passes through pooling, and where the kernel stands that computed it.
#[derive(Clone, Copy, Default)]
struct Passed {
    /// In a padded picture.
    under: u32,
    gradient: f32,
}

impl<T: Number> WithSimd for Backward<'_, T> {
    type Output = Sums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Sums {
        let sizes = &self.convolution.sizes;
        let lines = Lines::new::<S>(sizes);
        let weight = lines.pack(self.convolution);
        let stands = Stands::new(sizes);
        let mut weight_sum = vec![0.0; weight.len()];
        let mut bias = vec![0.0; sizes.outputs()];
        let mut x = vec![0.0; sizes.padded(S::F32_LANES)];
        let mut x_gradient = vec![0.0; x.len()];
        let mut passed = vec![Passed::default(); stands.windows.len()];
        for picture in self.pictures {
            let of = |length| picture * length..(picture + 1) * length;
            // SAFETY: nobody writes the two.
            #[allow(unsafe_code)]
            let (from, gradient) = unsafe {
                (
                    self.x.part(of(sizes.picture())),
                    self.gradient.part(of(sizes.result())),
                )
            };
            let places = &self.places[of(sizes.result())];
            sizes.pad(from, &mut x);
            x_gradient.fill(0.0);
            for (output, bias) in bias.iter_mut().enumerate() {
                let count = stands.passed(sizes, (gradient, places), output, &mut passed);
                let passed = &passed[..count];
                *bias += sum(passed);
                let of_output = output * lines.output()..(output + 1) * lines.output();
                let kernel = Kernel {
                    passed,
                    weight: &weight[of_output.clone()],
                    sum: &mut weight_sum[of_output],
                };
                kernel.add(simd, &lines, &x, self.to.map(|_| &mut x_gradient[..]));
            }
            if let Some(to) = self.to {
                // SAFETY: no two pictures share a number.
                #[allow(unsafe_code)]
                let to = unsafe { to.part(of(sizes.picture())) };
                let inner = to.chunks_exact_mut(sizes.width * sizes.channels);
                for (y, line) in inner.enumerate() {
                    for (to, &from) in line.iter_mut().zip(&x_gradient[sizes.inside(y)]) {
                        *to = T::of(from);
                    }
                }
            }
        }
        let weight = lines.unpack(sizes, &weight_sum);
        Sums { weight, bias }
    }
}

/// Of the gradients, several at once.
#[inline(always)]
fn sum(passed: &[Passed]) -> f32 {
    let (some, rest) = passed.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for some in some {
        (sums.iter_mut().zip(some)).for_each(|(sum, passed)| *sum += passed.gradient);
    }
    (rest.iter().map(|passed| passed.gradient)).fold(sums.iter().sum(), |sum, one| sum + one)
}

/// Where the kernel stands for each place of each window.
struct Stands {
    /// For the first place.
    windows: Vec<u32>,
    /// How much further for the others. There is one for whatever a byte tells.
    places: [u32; 256],
}

impl Stands {
    fn new(sizes: &Sizes) -> Stands {
        let [high, wide] = sizes.windows.size;
        let at = |y: usize, x: usize| (y * sizes.line() + x * sizes.channels) as u32;
        let each = |rows: usize, columns: usize| {
            (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)))
        };
        let mut places = [0; 256];
        for (place, (y, x)) in places.iter_mut().zip(each(high, wide)) {
            *place = at(y, x);
        }
        Stands {
            windows: each(sizes.windows.rows(), sizes.windows.columns())
                .map(|(y, x)| at(y * high, x * wide))
                .collect(),
            places,
        }
    }

    /// What passes of an output channel; gives how many these are.
    #[inline(always)]
    fn passed<T: Number>(
        &self,
        sizes: &Sizes,
        (gradient, places): (&[T], &[u8]),
        output: usize,
        passed: &mut [Passed],
    ) -> usize {
        let mut count = 0;
        let gradients = gradient[output..].iter().step_by(sizes.outputs());
        let places = places[output..].iter().step_by(sizes.outputs());
        for ((&window, gradient), &place) in self.windows.iter().zip(gradients).zip(places) {
            passed[count] = Passed {
                under: window + self.places[usize::from(place)],
                gradient: gradient.value(),
            };
            // without a branch, which could not be foretold
            count += usize::from(place != NOWHERE);
        }
        count
    }
}

/// The lines of a kernel as vectors: each begins with one, and what is behind its end is zero.
struct Lines {
    lanes: usize,
    /// Vectors of a line.
    vectors: usize,
    /// Lines of the kernel.
    count: usize,
    /// Numbers of a line of a padded picture.
    line: usize,
}

impl Lines {
    fn new<S: Simd>(sizes: &Sizes) -> Lines {
        Lines {
            lanes: S::F32_LANES,
            vectors: sizes.run().div_ceil(S::F32_LANES),
            count: sizes.kernel[0],
            line: sizes.line(),
        }
    }

    /// Numbers of an output channel.
    fn output(&self) -> usize {
        self.count * self.vectors * self.lanes
    }

    /// Where a vector of the kernel lies on the picture, from where the kernel stands.
    fn under(&self, vector: usize) -> usize {
        vector / self.vectors * self.line + vector % self.vectors * self.lanes
    }

    fn pack(&self, convolution: &Convolution) -> Vec<f32> {
        let sizes = &convolution.sizes;
        let mut packed = vec![0.0; sizes.outputs() * self.output()];
        self.each(sizes, |at, place| packed[at] = convolution.weight[place]);
        packed
    }

    fn unpack(&self, sizes: &Sizes, packed: &[f32]) -> Vec<f32> {
        let mut weight = vec![0.0; sizes.outputs() * self.count * sizes.run()];
        self.each(sizes, |at, place| weight[place] = packed[at]);
        weight
    }

    /// Each weight's place among vectors, and its own.
    fn each(&self, sizes: &Sizes, mut visit: impl FnMut(usize, usize)) {
        for output in 0..sizes.outputs() {
            for y in 0..self.count {
                let line = output * self.output() + y * self.vectors * self.lanes;
                for k in 0..sizes.run() {
                    visit(line + k, sizes.place(output, y, k));
                }
            }
        }
    }
}

/// What an output channel of a picture adds to the gradients.
struct Kernel<'a> {
    passed: &'a [Passed],
    weight: &'a [f32],
    sum: &'a mut [f32],
}

impl Kernel<'_> {
    #[inline(always)]
    fn add<S: Simd>(
        mut self,
        simd: S,
        lines: &Lines,
        x: &[f32],
        mut x_gradient: Option<&mut [f32]>,
    ) {
        let furthest = self.passed.iter().map(|passed| passed.under).max();
        let last = lines.under(lines.count * lines.vectors - 1) + lines.lanes;
        assert!(furthest.unwrap_or_default() as usize + last <= x.len());
        let all = lines.count * lines.vectors;
        let mut from = 0;
        // as many vectors at once as are left in registers beside what is added
        while from < all {
            let x_gradient = x_gradient.as_deref_mut();
            match all - from {
                6.. => from += self.add_some::<S, 6>(simd, lines, from, x, x_gradient),
                3.. => from += self.add_some::<S, 3>(simd, lines, from, x, x_gradient),
                _ => from += self.add_some::<S, 1>(simd, lines, from, x, x_gradient),
            }
        }
    }

    /// By `COUNT` vectors of the kernel; gives how many these are. The kernel nowhere reaches beyond `x`.
    #[inline(always)]
    fn add_some<S: Simd, const COUNT: usize>(
        &mut self,
        simd: S,
        lines: &Lines,
        from: usize,
        x: &[f32],
        x_gradient: Option<&mut [f32]>,
    ) -> usize {
        let under: [usize; COUNT] = std::array::from_fn(|k| lines.under(from + k));
        let some = from * lines.lanes..(from + COUNT) * lines.lanes;
        let mut sums = [simd.splat_f32s(0.0); COUNT];
        for passed in self.passed {
            let gradient = simd.splat_f32s(passed.gradient);
            for (sum, under) in sums.iter_mut().zip(under) {
                // SAFETY: a vector fits behind it, as `add` has made sure.
                #[allow(unsafe_code)]
                let x: S::f32s = unsafe {
                    x.as_ptr()
                        .add(passed.under as usize + under)
                        .cast::<S::f32s>()
                        .read_unaligned()
                };
                *sum = simd.mul_add_e_f32s(gradient, x, *sum);
            }
        }
        let all = S::as_mut_simd_f32s(&mut self.sum[some.clone()]).0;
        for (all, sum) in all.iter_mut().zip(sums) {
            *all = simd.add_f32s(*all, sum);
        }
        if let Some(to) = x_gradient {
            // copied, as the processor would otherwise read it again behind whatever is written
            let weight: [S::f32s; COUNT] = S::as_simd_f32s(&self.weight[some])
                .0
                .try_into()
                .expect("so many were taken");
            assert_eq!(to.len(), x.len());
            for &Passed {
                under: at,
                gradient,
            } in self.passed
            {
                let gradient = simd.splat_f32s(gradient);
                for (weight, under) in weight.into_iter().zip(under) {
                    // SAFETY: as above; both are as long.
                    #[allow(unsafe_code)]
                    unsafe {
                        let to = to.as_mut_ptr().add(at as usize + under).cast::<S::f32s>();
                        let sum = simd.mul_add_e_f32s(gradient, weight, to.read_unaligned());
                        to.write_unaligned(sum);
                    }
                }
            }
        }
        COUNT
    }
}
