#include "train/device/pack_size.h"

#include <algorithm>

#include "train/device/torch_device.h"

namespace manyshot::train {
namespace {

// Of one pack. More tokens make the device no faster.
constexpr size_t kMostTokens = size_t{1} << 19, kMostTokensOnCpu = size_t{1} << 15;
constexpr double kMostMemory = 0.6;  // of the device's free memory, for the activations of a pack

}  // namespace

// Inputs and outputs of the products in the network's type, rotated queries and keys, weights of the attention in f32
// and rounded.
double activation_bytes(const NetworkShape& shape, at::ScalarType type) {
  const auto D = static_cast<double>(shape.D), I = static_cast<double>(shape.intermediate);
  const auto qkv = static_cast<double>(shape.qkv_width), heads = static_cast<double>(shape.attention.num_heads);
  const double size = type == at::kBFloat16 ? 2 : 4, slots = 32;
  return static_cast<double>(shape.row_layers) * (size * (6 * D + 3 * qkv + 5 * I) + heads * slots * (4 + size));
}

size_t most_tokens(const NetworkShape& shape, const at::Device& device, at::ScalarType type) {
  if (device.is_cpu()) return kMostTokensOnCpu;
  const double tokens = kMostMemory * static_cast<double>(free_memory(device)) / activation_bytes(shape, type);
  return std::min(kMostTokens, static_cast<size_t>(tokens));
}

}  // namespace manyshot::train
