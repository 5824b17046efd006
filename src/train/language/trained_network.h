// A language model's weights in the forms that training multiplies with, and the parameters that are trained.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/language/decoder_network.h"
#include "train/language/language_memory.h"
#include "train/language/layer_sites.h"
#include "train/language/lora.h"
#include "train/language/parameter_store.h"

namespace manyshot::train {

// T: float, or BFloat16 for products of bf16 pairs. Masters and gradients are f32 in both.
template <class T>
class TrainedNetwork {
 public:
  struct Layer {
    std::array<kernels::PackedMatrix<T>, kNumSites> transposed;  // W^T of each site
    std::array<LoraSite<T>, kNumSites> lora;                     // untrained when all weights are
  };
  // Numbers of the parameters when all weights are trained.
  struct LayerParameters {
    size_t input_norm = 0, post_attention_norm = 0;
    std::array<std::vector<size_t>, kNumSites> weights, biases;  // per module; no biases but kQkv's
  };
  struct ModelParameters {
    size_t embedding = 0, final_norm = 0, head = 0;  // head == embedding when tied
    std::vector<LayerParameters> layers;
  };

  // LoRA beside frozen weights.
  TrainedNetwork(const TensorSource& source, const LoraModules& lora);
  // All weights.
  explicit TrainedNetwork(const TensorSource& source);

  const DecoderNetwork<T>& net() const { return *net_; }
  const SiteShapes& sites() const { return sizes_.sites; }
  const PassSizes& sizes() const { return sizes_; }
  const Layer& layer(size_t number) const { return layers_[number]; }
  const kernels::PackedMatrix<T>& head_transposed() const { return head_transposed_; }
  bool trains_all() const { return sizes_.trains_all; }
  const ModelParameters& numbers() const { return numbers_; }  // REQUIRES: trains_all()
  ParameterStore& store() { return store_; }
  const ParameterStore& store() const { return store_; }
  // Renews what is computed from the masters.
  void parameters_changed();
  // Of x A^T of a site in the layer where it is largest.
  size_t lora_width(size_t site) const { return sizes_.lora_width[site]; }
  // The weights as they are now. REQUIRES: trains_all().
  const TensorSource& masters() const { return *masters_; }

 private:
  void pack_transposed();

  PassSizes sizes_;
  ParameterStore store_;
  ModelParameters numbers_;
  std::unique_ptr<TensorSource> masters_;  // reads the store
  std::unique_ptr<DecoderNetwork<T>> net_;
  std::vector<Layer> layers_;
  kernels::PackedMatrix<T> head_transposed_;  // [D, vocab_size]
};

extern template class TrainedNetwork<float>;
extern template class TrainedNetwork<kernels::BFloat16>;

}  // namespace manyshot::train
