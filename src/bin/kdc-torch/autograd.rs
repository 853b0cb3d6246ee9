//! Operations of the engine's own that libtorch can lead gradients through, and libtorch's threads to compute them on.

use crate::shim;
use std::ffi::{c_char, c_void};
use std::ops::Range;
use tch::{TchError, Tensor};
use torch_sys::C_tensor;

type Gradient = extern "C" fn(*mut c_void, *const C_tensor) -> *mut C_tensor;

#[allow(unsafe_code)]
unsafe extern "C" {
    fn kdc_set_gradient(
        operand: *const C_tensor,
        result: *const C_tensor,
        closure: *mut c_void,
        gradient: Gradient,
        drop: extern "C" fn(*mut c_void),
    ) -> *mut c_char;
    fn kdc_parallel(
        count: i64,
        least: i64,
        closure: *const c_void,
        work: extern "C" fn(*const c_void, i64, i64),
    );
}

/// Lets `result`, which was computed from `operand` without gradients, pass its gradient on: `gradient` makes the
/// operand's of it. It is asked once, and never for a gradient's gradient.
#[allow(unsafe_code)]
pub fn set_gradient<F>(operand: &Tensor, result: &Tensor, gradient: F) -> Result<(), TchError>
where
    F: Fn(&Tensor) -> Result<Tensor, TchError> + Send + 'static,
{
    extern "C" fn call<F: Fn(&Tensor) -> Result<Tensor, TchError>>(
        closure: *mut c_void,
        gradient: *const C_tensor,
    ) -> *mut C_tensor {
        // SAFETY: the closure is the box below, which is dropped after its last call; the gradient is alive.
        let (closure, gradient) = unsafe {
            let gradient = Tensor::clone_from_ptr(gradient.cast_mut());
            (&*closure.cast::<F>(), gradient)
        };
        match closure(&gradient) {
            // the caller has it, and frees it
            Ok(tensor) => std::mem::ManuallyDrop::new(tensor).as_mut_ptr(),
            Err(_) => std::ptr::null_mut(),
        }
    }
    extern "C" fn drop<F>(closure: *mut c_void) {
        // SAFETY: it is the box below, and nobody has it any more.
        std::mem::drop(unsafe { Box::from_raw(closure.cast::<F>()) });
    }
    let closure = Box::into_raw(Box::new(gradient)).cast::<c_void>();
    // SAFETY: both tensors are alive, `closure` is what `call` and `drop` take it for, and the reason is for `done`.
    unsafe {
        let (operand, result) = (operand.as_ptr(), result.as_ptr());
        let reason = kdc_set_gradient(operand, result, closure, call::<F>, drop::<F>);
        shim::done(reason)
    }
}

/// Does the work on the numbers from 0 to below `count`, on as many of libtorch's threads as have `least` of them.
#[allow(unsafe_code)]
pub fn in_parallel<F: Fn(Range<usize>) + Sync>(count: usize, least: usize, work: F) {
    extern "C" fn call<F: Fn(Range<usize>)>(closure: *const c_void, from: i64, to: i64) {
        // SAFETY: it is `work`, which is alive until all threads are done, and may be called by several.
        let work = unsafe { &*closure.cast::<F>() };
        work(from as usize..to as usize);
    }
    let closure = std::ptr::from_ref(&work).cast::<c_void>();
    // SAFETY: `closure` is what `call` takes it for.
    unsafe { kdc_parallel(count as i64, least as i64, closure, call::<F>) }
}
