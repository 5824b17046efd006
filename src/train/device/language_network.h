// A Llama or Qwen2 decoder by libtorch's operators, with gradients by its autograd: LoRA beside frozen weights, or all
// weights. Weights and the residual stream are of one type, f32 or bf16; sums, softmax and loss are f32.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "model/language/tensor_source.h"
#include "train/device/device_numbers.h"
#include "train/device/device_texts.h"
#include "train/language/lora.h"

namespace manyshot::train {

class LanguageNetwork {
 public:
  // Reads all weights, those in `store` apart; `lora` is null when all weights are trained. `store` has the trained
  // parameters, named as PEFT names factors, or as transformers names weights.
  LanguageNetwork(const TensorSource& source, const LoraModules* lora, const ParameterStore& store,
                  const at::Device& device, at::ScalarType type);

  // Takes the trained weights from the masters.
  void renew(DeviceNumbers& numbers);
  // Adds what backward passes have left since the last call to the gradients.
  void add_gradients(DeviceNumbers& numbers);

  const LanguageModelConfig& config() const { return config_; }
  int64_t num_layers() const { return static_cast<int64_t>(layers_.size()); }
  at::Tensor embed(const DeviceTexts& texts) const;                                       // [T, D]
  at::Tensor layer(int64_t number, const at::Tensor& x, const DeviceTexts& texts) const;  // [T, D]
  // The same with another attention, that of q [T, H, d], k and v [T, H_kv, d] with this scale: [T, H, d].
  using Attention =
      std::function<at::Tensor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale)>;
  at::Tensor layer(int64_t number, const at::Tensor& x, const DeviceTexts& texts, const Attention& attention) const;
  at::Tensor hidden(const at::Tensor& x, const DeviceTexts& texts) const;  // [N, D] of the targets
  // The head as logits() takes it, f32 on the CPU; made once for many of them.
  at::Tensor logit_head() const;
  // [N, vocabulary] f32 of hidden states [N, D], few at a time: a bf16 logit of 20 is off by 0.06.
  static at::Tensor logits(const at::Tensor& hidden, const at::Tensor& logit_head);

  struct Losses {
    at::Tensor loss;          // [N] f32
    at::Tensor is_likeliest;  // [N] bool: no token is likelier than the target
    at::Tensor gradient;      // [N, D] of the hidden states, when asked
  };
  // Over the vocabulary, for some targets at a time. With `scale`, the gradient of scale * sum(loss): that of the
  // hidden states, and that of the head, where it is trained, added to the numbers'.
  Losses losses(const at::Tensor& hidden, const DeviceTexts& texts, const double* scale, DeviceNumbers& numbers) const;

  at::Device device() const { return device_; }
  at::ScalarType type() const { return type_; }

 private:
  static constexpr size_t kNone = ~size_t{0};
  // A weight: frozen, or of a parameter of the store.
  struct Weight {
    at::Tensor tensor;
    size_t parameter = kNone;
  };
  struct Module {
    Weight weight, bias;  // bias: undefined without one
    Weight down, up;      // LoRA's A and B; undefined without them
    double scale = 0;
    uint64_t site = 0;  // whose input it has, for dropout
  };
  struct Layer {
    Weight input_norm, post_attention_norm;
    Module q, k, v, o, gate, up, down;
  };

  Weight open(const TensorSource& source, const std::string& name, const ParameterStore& store);
  Module open_module(const TensorSource& source, size_t layer, const char* name, uint64_t site, const LoraModules* lora,
                     const ParameterStore& store);
  template <class Work>
  void for_weights(const Work& work);
  at::Tensor norm(const at::Tensor& x, const Weight& gain) const;
  const Weight& head() const { return head_.tensor.defined() ? head_ : embedding_; }
  at::Tensor apply(const Module& module, const at::Tensor& x, int64_t layer, const DeviceTexts& texts) const;

  LanguageModelConfig config_;
  at::Device device_;
  at::ScalarType type_;
  Weight embedding_, final_norm_, head_;  // head_ without a tensor when tied
  std::vector<Layer> layers_;
};

}  // namespace manyshot::train
