//! Numbers that several threads write at once, each its own.

use std::marker::PhantomData;
use std::ops::Range;
use tch::Tensor;

/// Numbers of which several threads write different parts.
pub struct Shared<'a, T> {
    start: *mut T,
    count: usize,
    alive: PhantomData<&'a T>,
}

// SAFETY: whoever takes a part promises that nobody else writes it.
#[allow(unsafe_code)]
unsafe impl<T: Send + Sync> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// Of a tensor whose elements lie without gaps, on the CPU, and are `T`.
    pub fn of(tensor: &'a Tensor) -> Shared<'a, T> {
        assert_eq!(tensor.kind().elt_size_in_bytes(), size_of::<T>());
        Shared {
            start: tensor.data_ptr().cast(),
            count: tensor.numel(),
            alive: PhantomData,
        }
    }

    pub fn over(all: &'a mut [T]) -> Shared<'a, T> {
        Shared {
            start: all.as_mut_ptr(),
            count: all.len(),
            alive: PhantomData,
        }
    }

    /// # Safety
    /// Nobody else has this part while it lasts, unless all only read it.
    #[allow(unsafe_code, clippy::mut_from_ref)]
    pub unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.count);
        // SAFETY: it is within the numbers, which are alive, and the caller's alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }
}
