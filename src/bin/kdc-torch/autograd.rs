//! Operations of the engine's own that libtorch can lead gradients through, and libtorch's threads to compute them on.

use crate::shim;
use std::ffi::{c_char, c_void};
use std::mem::ManuallyDrop;
use std::ops::Range;
use tch::{TchError, Tensor};
use torch_sys::C_tensor;

type Gradient = extern "C" fn(*mut c_void, *const C_tensor, *mut *mut C_tensor) -> bool;

/// The gradients of an operation's operands, in order; none where nobody wants it.
pub type Gradients = Result<Vec<Option<Tensor>>, TchError>;

#[allow(unsafe_code)]
unsafe extern "C" {
    fn kdc_set_gradient(
        operands: *const *const C_tensor,
        count: usize,
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

/// Lets `result`, which was computed from the operands without gradients, pass its gradient on to those that want one:
/// `gradients` makes the operands' of it. It is asked once, and never for a gradient's gradient.
#[allow(unsafe_code)]
pub fn set_gradients<F>(operands: &[&Tensor], result: &Tensor, gradients: F) -> Result<(), TchError>
where
    F: Fn(&Tensor) -> Gradients + Send + 'static,
{
    extern "C" fn call<F: Fn(&Tensor) -> Gradients>(
        closure: *mut c_void,
        gradient: *const C_tensor,
        of_operands: *mut *mut C_tensor,
    ) -> bool {
        // SAFETY: the closure is the box below, which is dropped after its last call; the gradient is alive.
        let (closure, gradient) = unsafe {
            let gradient = Tensor::clone_from_ptr(gradient.cast_mut());
            (&*closure.cast::<F>(), gradient)
        };
        let Ok(gradients) = closure(&gradient) else {
            return false;
        };
        for (place, tensor) in gradients.into_iter().enumerate() {
            let Some(tensor) = tensor else { continue };
            // SAFETY: there is a place for each operand. The caller has the tensor then, and frees it.
            unsafe { *of_operands.add(place) = ManuallyDrop::new(tensor).as_mut_ptr() };
        }
        true
    }
    extern "C" fn drop<F>(closure: *mut c_void) {
        // SAFETY: it is the box below, and nobody has it any more.
        std::mem::drop(unsafe { Box::from_raw(closure.cast::<F>()) });
    }
    let closure = Box::into_raw(Box::new(gradients)).cast::<c_void>();
    let operands: Vec<_> = operands.iter().map(|operand| operand.as_ptr()).collect();
    // SAFETY: all tensors are alive, `closure` is what `call` and `drop` take it for, and the reason is for `done`.
    unsafe {
        let reason = kdc_set_gradient(
            operands.as_ptr().cast(),
            operands.len(),
            result.as_ptr(),
            closure,
            call::<F>,
            drop::<F>,
        );
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
