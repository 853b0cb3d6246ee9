// A training step as a CUDA graph. Links libtorch's CUDA half, so that it is a library of its own, which the
// engine loads after that half. Each function gives nothing if it has done its work, else the reason, which the
// caller frees.

#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>

#include "shim.h"

#include <cstdlib>

namespace {

// For what may have been done already.
template <class Work>
void tried(Work work) {
  free(attempt(work));
}

// Also says on which stream it is captured: not on the default one, where CUDA captures nothing.
struct Graph : at::cuda::CUDAGraph {
  explicit Graph(c10::DeviceIndex device)
      : side(c10::cuda::getStreamFromPool(false, device)), usual(c10::cuda::getDefaultCUDAStream(device)) {}

  // Leaves nothing behind of a capture that has failed: neither in the allocator nor in the generators, which
  // would go on as if it lasted.
  void abandon() {
    auto host = [] { return at::getHostAllocator(at::kCUDA); };
    tried([&] { capture_end(); });
    tried([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(capture_dev_, mempool_id_); });
    tried([&] { host()->end_allocate_to_pool(mempool_id_); });
    if (!capture_ended_) {
      tried([&] { c10::cuda::CUDACachingAllocator::releasePool(capture_dev_, mempool_id_); });
      tried([&] { host()->release_pool(mempool_id_); });
    }
    for (auto &entry : captured_generator_states_) {
      entry.first->capturing_ = false;
      entry.first->offset_intragraph_ = 0;
    }
    (void)cudaGetLastError();
  }

  c10::cuda::CUDAStream side, usual;
};

void change_stream(c10::cuda::CUDAStream to) {
  c10::cuda::device_synchronize();
  c10::cuda::setCurrentCUDAStream(to);
}

} // namespace

extern "C" {

char *kdc_graph_new(int device, Graph **graph) {
  return attempt([&] {
    auto index = static_cast<c10::DeviceIndex>(device);
    c10::cuda::set_device(index);
    *graph = new Graph(index);
  });
}

void kdc_graph_delete(Graph *graph) {
  tried([&] { c10::cuda::device_synchronize(); });
  delete graph;
}

// What follows on this thread runs beside the default stream, behind all that came before.
char *kdc_graph_enter(Graph *graph) {
  return attempt([&] { change_stream(graph->side); });
}

char *kdc_graph_leave(Graph *graph) {
  return attempt([&] { change_stream(graph->usual); });
}

char *kdc_graph_begin(Graph *graph) {
  return attempt([&] { graph->capture_begin(); });
}

char *kdc_graph_end(Graph *graph) {
  return attempt([&] { graph->capture_end(); });
}

void kdc_graph_abandon(Graph *graph) { graph->abandon(); }

char *kdc_graph_replay(Graph *graph) {
  return attempt([&] { graph->replay(); });
}

} // extern "C"
