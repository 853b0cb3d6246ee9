//! What libtorch has and tch does not pass on: `shim.cc`.

use crate::failure::Result;
use std::ffi::{CStr, c_char, c_int};
use tch::{Device, TchError, Tensor};
use torch_sys::C_tensor;

#[allow(unsafe_code)]
unsafe extern "C" {
    fn kdc_allow_tf32(convolutions: bool, products: bool) -> *mut c_char;
    fn kdc_free_memory(device: c_int, bytes: *mut u64) -> *mut c_char;
    fn kdc_upload(
        device: c_int,
        tensor: *const C_tensor,
        uploaded: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn kdc_generator_state(device: c_int, state: *mut *mut C_tensor) -> *mut c_char;
    fn kdc_set_generator_state(device: c_int, state: *const C_tensor) -> *mut c_char;
    fn kdc_fused_adam(
        parameters: *const *const C_tensor,
        gradients: *const *const C_tensor,
        first: *const *const C_tensor,
        second: *const *const C_tensor,
        count: usize,
        steps: *const C_tensor,
        lr: *const C_tensor,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        eps: f64,
        decoupled: bool,
    ) -> *mut c_char;
    fn kdc_fused_sgd(
        parameters: *const *const C_tensor,
        gradients: *const *const C_tensor,
        count: usize,
        momenta: *const *const C_tensor,
        momentum_count: usize,
        lr: *const C_tensor,
        momentum: f64,
        weight_decay: f64,
        nesterov: bool,
        is_first: bool,
    ) -> *mut c_char;
}

/// The reason that a function of C++ gives for its failure, if it has failed.
///
/// # Safety
/// `reason` is null or a C string from `malloc`, which nobody else frees.
#[allow(unsafe_code)]
pub unsafe fn done(reason: *mut c_char) -> std::result::Result<(), TchError> {
    if reason.is_null() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe {
        let text = CStr::from_ptr(reason).to_string_lossy().into_owned();
        libc::free(reason.cast());
        Err(TchError::Torch(text))
    }
}

/// Whether convolutions, and products of matrices, of 32-bit numbers may round their operands to TF32 on a GPU.
#[allow(unsafe_code)]
pub fn allow_tf32(convolutions: bool, products: bool) -> Result<()> {
    // SAFETY: it takes no pointer.
    Ok(unsafe { done(kdc_allow_tf32(convolutions, products)) }?)
}

/// The bytes of a GPU's memory that nobody has taken; none for the CPU.
#[allow(unsafe_code)]
pub fn free_memory(device: Device) -> Option<u64> {
    let mut bytes = 0;
    // SAFETY: it writes one number.
    let told = unsafe { done(kdc_free_memory(gpu(device)?, &raw mut bytes)) };
    told.is_ok().then_some(bytes)
}

/// A tensor, of the CPU's or on the device already, on the device. The host does not wait for the copy.
#[allow(unsafe_code)]
pub fn upload(tensor: &Tensor, device: Device) -> Result<Tensor> {
    let Some(index) = gpu(device).filter(|_| tensor.device() != device) else {
        return Ok(tensor.shallow_clone());
    };
    let mut uploaded = std::ptr::null_mut();
    // SAFETY: where it has not failed, it has made a tensor that is ours.
    unsafe {
        done(kdc_upload(index, tensor.as_ptr(), &raw mut uploaded))?;
        Ok(Tensor::from_ptr(uploaded))
    }
}

/// Where the device's default generator stands.
#[allow(unsafe_code)]
pub fn generator_state(device: Device) -> std::result::Result<Tensor, TchError> {
    let mut state = std::ptr::null_mut();
    // SAFETY: where it has not failed, it has made a tensor that is ours.
    unsafe {
        done(kdc_generator_state(gpu_or_cpu(device), &raw mut state))?;
        Ok(Tensor::from_ptr(state))
    }
}

#[allow(unsafe_code)]
pub fn set_generator_state(device: Device, state: &Tensor) -> std::result::Result<(), TchError> {
    // SAFETY: the tensor outlives the call.
    unsafe { done(kdc_set_generator_state(gpu_or_cpu(device), state.as_ptr())) }
}

fn gpu_or_cpu(device: Device) -> c_int {
    gpu(device).unwrap_or(-1)
}

/// PyTorch's index of a GPU.
pub fn gpu(device: Device) -> Option<c_int> {
    match device {
        Device::Cuda(index) => c_int::try_from(index).ok(),
        _ => None,
    }
}

/// The numbers of Adam, which are the same in every step.
#[derive(Clone, Copy)]
pub struct Adam {
    pub betas: (f64, f64),
    pub eps: f64,
    pub weight_decay: f64,
    /// As AdamW decays weights.
    pub decoupled: bool,
}

/// `torch._fused_adam_` or `torch._fused_adamw_`: moves parameters and both moments, all in one pass. `steps`, which
/// counts this one already, and `lr` have no dimension and lie on the parameters' device.
#[allow(unsafe_code)]
pub fn fused_adam(
    parameters: &[&Tensor],
    gradients: &[&Tensor],
    [first, second]: [&[&Tensor]; 2],
    (steps, lr): (&Tensor, &Tensor),
    adam: Adam,
) -> std::result::Result<(), TchError> {
    let count = parameters.len();
    require(count, &[gradients, first, second])?;
    let [parameters, gradients, first, second] =
        [parameters, gradients, first, second].map(pointers);
    // SAFETY: the lists are equally long, and their tensors outlive the call.
    unsafe {
        done(kdc_fused_adam(
            parameters.as_ptr(),
            gradients.as_ptr(),
            first.as_ptr(),
            second.as_ptr(),
            count,
            steps.as_ptr(),
            lr.as_ptr(),
            adam.betas.0,
            adam.betas.1,
            adam.weight_decay,
            adam.eps,
            adam.decoupled,
        ))
    }
}

/// The numbers of SGD, which are the same in every step.
#[derive(Clone, Copy)]
pub struct Sgd {
    pub momentum: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
}

/// `torch._fused_sgd_`: moves parameters and, where there is momentum, their momenta, all in one pass. In the first
/// step momenta become the gradients.
#[allow(unsafe_code)]
pub fn fused_sgd(
    parameters: &[&Tensor],
    gradients: &[&Tensor],
    momenta: &[&Tensor],
    lr: &Tensor,
    sgd: Sgd,
    is_first: bool,
) -> std::result::Result<(), TchError> {
    let count = parameters.len();
    let momenta = match sgd.momentum {
        0.0 => &[],
        _ => momenta,
    };
    require(count, &[gradients])?;
    require(if sgd.momentum == 0.0 { 0 } else { count }, &[momenta])?;
    let [parameters, gradients, momenta] = [parameters, gradients, momenta].map(pointers);
    // SAFETY: the lists are as long as they are said to be, and their tensors outlive the call.
    unsafe {
        done(kdc_fused_sgd(
            parameters.as_ptr(),
            gradients.as_ptr(),
            count,
            momenta.as_ptr(),
            momenta.len(),
            lr.as_ptr(),
            sgd.momentum,
            sgd.weight_decay,
            sgd.nesterov,
            is_first,
        ))
    }
}

fn require(count: usize, lists: &[&[&Tensor]]) -> std::result::Result<(), TchError> {
    match lists.iter().all(|list| list.len() == count) {
        true => Ok(()),
        false => Err(TchError::Shape("an optimizer's state does not fit".into())),
    }
}

fn pointers(tensors: &[&Tensor]) -> Vec<*const C_tensor> {
    tensors.iter().map(|tensor| tensor.as_ptr()).collect()
}
