#include "train/device/pack_size.h"

#include <algorithm>

#include "train/device/torch_device.h"

namespace manyshot::train {
namespace {

// Of one pack. More tokens make the device no faster.
constexpr size_t kMostTokens = size_t{1} << 19, kMostTokensOnCpu = size_t{1} << 15;
constexpr double kMostMemory = 0.6;  // of the device's free memory, for the activations of a pack

}  // namespace

// What autograd keeps of a token in a layer: inputs and outputs of the products in the network's type, rotated queries
// and keys. At worst a row has kLeastRowTokens, two of which go on as summaries; the gradient of its attention takes
// scratch memory of kFlashBlock queries.
double activation_bytes(const NetworkShape& shape, at::ScalarType type) {
  constexpr double kLeastRowTokens = 4, kFlashBlock = 128;
  const auto D = static_cast<double>(shape.D), I = static_cast<double>(shape.intermediate);
  const auto qkv = static_cast<double>(shape.qkv_width), queries = static_cast<double>(shape.query_width());
  const auto row_layers = static_cast<double>(shape.row_layers),
             context_layers = static_cast<double>(shape.num_layers - shape.row_layers);
  const double of_layer = static_cast<double>(at::elementSize(type)) * (6 * D + 3 * qkv + 5 * I);
  return of_layer * (row_layers + context_layers * 2 / kLeastRowTokens) +
         kFlashBlock * queries * sizeof(float) / kLeastRowTokens;
}

size_t most_tokens(const NetworkShape& shape, const at::Device& device, at::ScalarType type) {
  if (device.is_cpu()) return kMostTokensOnCpu;
  const double tokens = kMostMemory * static_cast<double>(free_memory(device)) / activation_bytes(shape, type);
  return std::min(kMostTokens, static_cast<size_t>(tokens));
}

}  // namespace manyshot::train
