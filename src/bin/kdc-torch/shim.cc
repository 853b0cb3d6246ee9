// What libtorch has and tch does not pass on, for every kind of device. Needs no header of CUDA.
//
// Each function gives nothing if it has done its work, else the reason, which the caller frees.

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Tensor.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>

#include "shim.h"

#include <cstdint>
#include <vector>

namespace {

std::vector<at::Tensor> list(at::Tensor *const *tensors, size_t count) {
  std::vector<at::Tensor> all;
  all.reserve(count);
  for (size_t i = 0; i < count; i++) all.push_back(*tensors[i]);
  return all;
}

// Of the CPU, if `device` is below 0.
at::Generator generator(int device) {
  if (device < 0) return at::globalContext().defaultGenerator(at::kCPU);
  return at::globalContext().defaultGenerator(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device)));
}

} // namespace

extern "C" {

// Whether convolutions, and products of matrices, of 32-bit numbers may round their operands to TF32.
char *kdc_allow_tf32(bool convolutions, bool products) {
  return attempt([&] {
    at::globalContext().setAllowTF32CuDNN(convolutions);
    at::globalContext().setAllowTF32CuBLAS(products);
  });
}

char *kdc_free_memory(int device, uint64_t *bytes) {
  return attempt([&] { *bytes = at::accelerator::getMemoryInfo(static_cast<c10::DeviceIndex>(device)).first; });
}

// The tensor on a GPU, which is the caller's. It passes through memory from which the GPU fetches it itself, so that
// the host does not wait.
char *kdc_upload(int device, const at::Tensor *tensor, at::Tensor **uploaded) {
  return attempt([&] {
    at::Device gpu(at::kCUDA, static_cast<c10::DeviceIndex>(device));
    *uploaded = new at::Tensor(tensor->pin_memory().to(gpu, tensor->scalar_type(), /*non_blocking=*/true));
  });
}

// The state of the device's default generator, in a tensor that is the caller's.
char *kdc_generator_state(int device, at::Tensor **state) {
  return attempt([&] { *state = new at::Tensor(generator(device).get_state()); });
}

char *kdc_set_generator_state(int device, const at::Tensor *state) {
  return attempt([&] { generator(device).set_state(*state); });
}

// `lr` and `steps`, which counts from 1 on, have no dimension and lie where the parameters do.
char *kdc_fused_adam(at::Tensor *const *parameters, at::Tensor *const *gradients, at::Tensor *const *first,
                     at::Tensor *const *second, size_t count, const at::Tensor *steps, const at::Tensor *lr,
                     double beta1, double beta2, double weight_decay, double eps, bool decoupled) {
  return attempt([&] {
    auto p = list(parameters, count), g = list(gradients, count);
    auto m = list(first, count), v = list(second, count);
    std::vector<at::Tensor> each(count, *steps);
    if (decoupled)
      at::_fused_adamw_(p, g, m, v, {}, each, *lr, beta1, beta2, weight_decay, eps, false, false);
    else
      at::_fused_adam_(p, g, m, v, {}, each, *lr, beta1, beta2, weight_decay, eps, false, false);
  });
}

// `momenta` has as many tensors as `parameters`, or none where `momentum` is 0.
char *kdc_fused_sgd(at::Tensor *const *parameters, at::Tensor *const *gradients, size_t count,
                    at::Tensor *const *momenta, size_t momentum_count, const at::Tensor *lr, double momentum,
                    double weight_decay, bool nesterov, bool is_first) {
  return attempt([&] {
    auto p = list(parameters, count), g = list(gradients, count), m = list(momenta, momentum_count);
    at::_fused_sgd_(p, g, m, weight_decay, momentum, *lr, 0.0, nesterov, false, is_first);
  });
}

} // extern "C"
