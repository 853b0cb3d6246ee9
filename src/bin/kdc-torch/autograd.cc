// What tch does not pass on of libtorch: gradients that are computed by the engine, and libtorch's threads.

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "shim.h"

#include <cstdint>
#include <memory>

namespace {

// Gives the operand's gradient, which is the caller's, or nothing if that cannot be computed.
using Gradient = at::Tensor *(*)(void *closure, const at::Tensor *gradient);
using Drop = void (*)(void *closure);

struct Operation : torch::autograd::Node {
  Operation(const at::Tensor &operand, void *closure, Gradient gradient, Drop drop)
      : Node(torch::autograd::collect_next_edges(operand)), closure(closure), gradient(gradient), drop(drop) {}

  ~Operation() override { release_variables(); }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override {
    if (!gradients[0].defined()) return {at::Tensor()};
    TORCH_CHECK(closure, "the gradient of an operation is asked for twice");
    std::unique_ptr<at::Tensor> of_operand(gradient(closure, &gradients[0]));
    TORCH_CHECK(of_operand, "the gradient of an operation cannot be computed");
    return {*of_operand};
  }

  void release_variables() override {
    if (closure) drop(closure);
    closure = nullptr;
  }

  void *closure;
  Gradient gradient;
  Drop drop;
};

} // namespace

extern "C" {

// Lets `result`, which was computed from `operand` without gradients, pass its gradient on to it. Takes the closure.
// Gives nothing if it has done so, else the reason, which the caller frees.
char *kdc_set_gradient(const at::Tensor *operand, const at::Tensor *result, void *closure, Gradient gradient, Drop drop) {
  return attempt([&] {
    std::shared_ptr<Operation> operation(new Operation(*operand, closure, gradient, drop), torch::autograd::deleteNode);
    torch::autograd::set_history(*result, operation);
  });
}

// Does the work on the numbers from 0 to below `count`, on as many of libtorch's threads as have at least `least` of them.
void kdc_parallel(int64_t count, int64_t least, const void *closure, void (*work)(const void *closure, int64_t from, int64_t to)) {
  at::parallel_for(0, count, least, [&](int64_t from, int64_t to) { work(closure, from, to); });
}
}
