#include "train/language/language_memory.h"

#include <algorithm>

#include "core/memory.h"
#include "train/language/language_trainer.h"
#include "train/language/pass_memory.h"
#include "train/language/vocabulary_loss.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::kPanelWidth;
using kernels::round_up;

PassSizes pass_sizes(const LanguageModelConfig& config, const LoraModules* lora) {
  PassSizes sizes;
  static_cast<DecoderShape&>(sizes) = language_model_shape(config);
  sizes.sites = site_shapes(config);
  sizes.trains_all = lora == nullptr;
  if (sizes.trains_all) return sizes;
  for (size_t layer = 0; layer < sizes.num_layers; ++layer) {
    for (size_t site = 0; site < kNumSites; ++site) {
      const SiteShape& shape = sizes.sites[site];
      size_t rank = 0;
      for (const SiteModule& module : shape.modules) {
        const auto found = lora->find(module_name(layer, module));
        if (found != lora->end()) rank += found->second.rank;
      }
      sizes.lora_width[site] = std::max(sizes.lora_width[site], round_up(rank, kPanelWidth));
      sizes.lora_sums[site] = std::max(sizes.lora_sums[site], rank * (shape.input_width + shape.num_outputs));
    }
  }
  return sizes;
}

LanguageMemory::LanguageMemory(const LanguageModelConfig& config, const LoraModules* lora, DType dtype,
                               Checkpointing checkpointing, size_t pack_tokens)
    : sizes_(pass_sizes(config, lora)),
      vocab_size_(static_cast<size_t>(config.vocab_size)),
      is_tied_(config.tie_word_embeddings),
      dtype_(dtype),
      checkpointing_(checkpointing),
      pack_tokens_(pack_tokens) {
  num_weights_ = static_cast<uint64_t>(num_parameters(config));
  if (lora == nullptr) {
    num_trained_ = static_cast<uint64_t>(num_parameters(config));
    return;
  }
  for (const SiteShape& site : sizes_.sites) {
    for (const SiteModule& module : site.modules) {
      for (size_t layer = 0; layer < sizes_.num_layers; ++layer) {
        const auto found = lora->find(module_name(layer, module));
        if (found != lora->end()) num_trained_ += found->second.rank * (site.num_inputs + module.num_outputs);
      }
    }
  }
}

uint64_t LanguageMemory::loaded_bytes() const {
  uint64_t values = 0;
  for (const SiteShape& site : sizes_.sites) values += site.num_outputs * site.input_width;
  values = values * sizes_.num_layers + (is_tied_ ? 1 : 2) * static_cast<uint64_t>(vocab_size_) * sizes_.D;
  return values * (dtype_ == DType::kBFloat16 ? sizeof(BFloat16) : sizeof(float));
}

// Weights in both packings (an embedding of its own in one), masters and gradients.
uint64_t LanguageMemory::fixed_bytes() const {
  const uint64_t width = dtype_ == DType::kBFloat16 ? sizeof(BFloat16) : sizeof(float);
  const uint64_t embedding = is_tied_ ? 0 : static_cast<uint64_t>(vocab_size_) * sizes_.D * width;
  return 2 * loaded_bytes() - embedding + 2 * num_trained_ * sizeof(float);
}

uint64_t LanguageMemory::pass_bytes(PassMode mode, size_t tokens) const {
  return dtype_ == DType::kBFloat16
             ? PassMemory<BFloat16>::bytes(sizes_, mode, tokens, 1) +
                   VocabularyLoss<BFloat16>::bytes(vocab_size_, sizes_.D)
             : PassMemory<float>::bytes(sizes_, mode, tokens, 1) + VocabularyLoss<float>::bytes(vocab_size_, sizes_.D);
}

PassMode LanguageMemory::mode_for(size_t tokens) const {
  if (checkpointing_ == Checkpointing::kNever) return PassMode::kKeep;
  if (checkpointing_ == Checkpointing::kAlways) return PassMode::kRecompute;
  const uint64_t limit = memory_limit_bytes();
  // A quarter stays for the optimiser and for everybody else.
  const bool fits = fixed_bytes() + pass_bytes(PassMode::kKeep, tokens) <= limit / 4 * 3;
  return fits ? PassMode::kKeep : PassMode::kRecompute;
}

uint64_t LanguageMemory::peak_bytes(const BatchShape& shape) const {
  // The longest pack of such a batch.
  const size_t tokens = std::max(shape.sample_tokens, std::min(pack_tokens_, shape.num_samples * shape.sample_tokens));
  return fixed_bytes() + pass_bytes(mode_for(tokens), tokens);
}

double kept_activation_bytes(const DecoderShape& shape, size_t value_bytes) {
  // Inputs and outputs of norms and products, queries and keys before and after their rotation, and what SwiGLU is
  // made of.
  const double values = 10 * static_cast<double>(shape.D) + 4 * static_cast<double>(shape.qkv_width) +
                        6 * static_cast<double>(shape.intermediate);
  return static_cast<double>(value_bytes) * static_cast<double>(shape.num_layers) * values;
}

uint64_t LanguageMemory::device_bytes(const BatchShape& shape) const {
  constexpr uint64_t kHalf = sizeof(BFloat16), kTargets = 1024;  // whose logits, in f32 and rounded, stand there
  const uint64_t tokens =
      std::max(shape.sample_tokens, std::min(kDevicePackTokens, shape.num_samples * shape.sample_tokens));
  const uint64_t frozen = sizes_.trains_all ? 0 : num_weights_ * kHalf;
  const uint64_t trained = num_trained_ * (2 * sizeof(float) + 2 * kHalf);  // masters and gradients in both types
  const uint64_t inputs = tokens * sizes_.D * sizes_.num_layers * kHalf;
  const auto layer = static_cast<uint64_t>(2 * kept_activation_bytes(sizes_, kHalf) *  // with its gradients
                                           static_cast<double>(tokens) / static_cast<double>(sizes_.num_layers));
  const uint64_t logits = kTargets * vocab_size_ * (2 * sizeof(float) + kHalf);
  return frozen + trained + inputs + layer + logits;
}

}  // namespace manyshot::train
