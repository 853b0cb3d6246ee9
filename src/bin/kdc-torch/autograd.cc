// What tch does not pass on of libtorch: gradients that are computed by the engine, and libtorch's threads.

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include "shim.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace {

// Puts the gradient of each operand, which is then the caller's, into its place, or leaves that empty where none is
// wanted. Gives whether they could be computed.
using Gradient = bool (*)(void *closure, const at::Tensor *gradient, at::Tensor **of_operands);
using Drop = void (*)(void *closure);

struct Operation : torch::autograd::Node {
  Operation(const torch::autograd::variable_list &operands, void *closure, Gradient gradient, Drop drop)
      : Node(torch::autograd::collect_next_edges(operands)), closure(closure), gradient(gradient), drop(drop) {}

  ~Operation() override { release_variables(); }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override {
    torch::autograd::variable_list of_operands(num_outputs());
    if (!gradients[0].defined()) return of_operands;
    TORCH_CHECK(closure, "the gradient of an operation is asked for twice");
    std::vector<at::Tensor *> given(of_operands.size(), nullptr);
    TORCH_CHECK(gradient(closure, &gradients[0], given.data()), "the gradient of an operation cannot be computed");
    for (size_t i = 0; i < given.size(); i++) {
      std::unique_ptr<at::Tensor> one(given[i]);
      if (one) of_operands[i] = *one;
    }
    return of_operands;
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

// Lets `result`, which was computed from the operands without gradients, pass its gradient on to them, if they want one.
// Takes the closure. Gives nothing if it has done so, else the reason, which the caller frees.
char *kdc_set_gradient(const at::Tensor *const *operands, size_t count, const at::Tensor *result, void *closure,
                       Gradient gradient, Drop drop) {
  return attempt([&] {
    torch::autograd::variable_list list;
    for (size_t i = 0; i < count; i++) list.push_back(*operands[i]);
    std::shared_ptr<Operation> operation(new Operation(list, closure, gradient, drop), torch::autograd::deleteNode);
    auto wanted = [](const at::Tensor &operand) { return operand.requires_grad(); };
    if (at::GradMode::is_enabled() && std::any_of(list.begin(), list.end(), wanted))
      torch::autograd::set_history(*result, operation);
  });
}

// Does the work on the numbers from 0 to below `count`, on as many of libtorch's threads as have at least `least` of them.
void kdc_parallel(int64_t count, int64_t least, const void *closure, void (*work)(const void *closure, int64_t from, int64_t to)) {
  at::parallel_for(0, count, least, [&](int64_t from, int64_t to) { work(closure, from, to); });
}
}
