// What training a language model takes in memory, known from its config alone: before weights are read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/dtype.h"
#include "model/model.h"
#include "train/language/layer_sites.h"
#include "train/language/lora.h"
#include "train/trainable.h"

namespace manyshot::train {

enum class PassMode;
enum class Checkpointing;

// The sizes of a network that its passes' buffers depend on.
struct PassSizes : DecoderShape {
  SiteShapes sites;
  bool trains_all = false;
  // LoRA, of the layer where it is largest: values of a row of x A^T, and of a chunk's sums.
  std::array<size_t, kNumSites> lora_width{}, lora_sums{};
};
// `lora`: null when all weights are trained.
PassSizes pass_sizes(const LanguageModelConfig& config, const LoraModules* lora);

// Tokens of texts that go through a network on a GPU together: fewer would leave it waiting.
inline constexpr size_t kDevicePackTokens = size_t{1} << 14;
// Of one token's activations in all layers, as autograd keeps them in values of so many bytes.
double kept_activation_bytes(const DecoderShape& shape, size_t value_bytes);

class LanguageMemory {
 public:
  LanguageMemory(const LanguageModelConfig& config, const LoraModules* lora, DType dtype, Checkpointing checkpointing,
                 size_t pack_tokens);

  uint64_t num_trained() const { return num_trained_; }
  // As TrainableModel::peak_bytes.
  uint64_t peak_bytes(const BatchShape& shape) const;
  // Of a GPU's memory, with bf16 weights, masters and gradients, where every layer is computed again for its backward
  // pass.
  uint64_t device_bytes(const BatchShape& shape) const;
  // The weights once, as predicting loads them.
  uint64_t loaded_bytes() const;
  // How a pass with gradients over so many tokens goes.
  PassMode mode_for(size_t tokens) const;

 private:
  uint64_t fixed_bytes() const;
  uint64_t pass_bytes(PassMode mode, size_t tokens) const;

  PassSizes sizes_;
  size_t vocab_size_;
  bool is_tied_;
  uint64_t num_trained_ = 0, num_weights_ = 0;
  DType dtype_;
  Checkpointing checkpointing_;
  size_t pack_tokens_;
};

}  // namespace manyshot::train
