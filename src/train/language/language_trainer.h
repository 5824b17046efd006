// Llama and Qwen2 language models as TrainableModel: LoRA beside frozen weights, or all weights, on our own kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/dtype.h"
#include "model/language/tensor_source.h"
#include "model/model.h"
#include "train/language/language_memory.h"
#include "train/language/lora.h"
#include "train/trainable.h"

namespace manyshot::train {

// Whether a layer's activations are kept for the backward pass or computed again there: a third more time, and about a
// fifth of the memory.
enum class Checkpointing { kAuto, kNever, kAlways };  // kAuto: when the process's memory limit asks for it

struct LanguageTrainerOptions {
  DType dtype = DType::kFloat32;  // of products; masters, gradients, norms, softmax and sums are f32 in both
  bool trains_all = false;        // instead of LoRA
  LoraOptions lora;
  std::string base_name;  // as adapters name their base; "": its path
  std::string adapter;    // folder of an adapter to continue: its ranks, scales and modules replace those of `lora`
  uint64_t seed = 0;      // of fresh factors
  Checkpointing checkpointing = Checkpointing::kAuto;
  // Tokens that go through the network together; samples are packed up to it, and a longer sample goes alone.
  size_t pack_tokens = 2048;
};

// What LanguageTrainer::create() would give its peak_bytes() from, without a weight. `base` names the model in
// messages. Throws what create() throws for options and adapter.
LanguageMemory plan_language_memory(const LanguageModelConfig& config, const std::string& base,
                                    const LanguageTrainerOptions& options);

// As TrainableModel says; and a sample's loss is the same bit for bit whatever samples stand beside it.
class LanguageTrainer : public TrainableModel {
 public:
  // Reads all weights; `source` is not needed afterwards. Throws what DecoderNetwork throws, Error(kUnsupported) for
  // kBFloat16 without avx512_bf16, Error(kBadInput) for options that make no sense or an adapter of another base.
  static std::unique_ptr<LanguageTrainer> create(const TensorSource& source, const LanguageTrainerOptions& options);

  virtual const LanguageModelConfig& config() const = 0;
  virtual bool trains_all() const = 0;
  // The weights as they are now. REQUIRES: trains_all().
  virtual const TensorSource& weights() const = 0;
  // Writes adapter_config.json and adapter_model.safetensors as PEFT does; makes the folder. REQUIRES: !trains_all().
  virtual void save_adapter(const std::string& folder) const = 0;
  // Per sample: the sum over its supervised positions, in nats.
  virtual std::vector<double> sample_losses(std::span<const TrainSample> batch) = 0;
};

}  // namespace manyshot::train
