// The `compact` decoder (docs/formats/compact.md) by libtorch's operators, with gradients by its autograd: the same
// function as task_pass.h computes on the CPU with kernels of our own. Weights and the residual stream are of one type,
// f32 or bf16; sums, softmax and loss are f32.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "model/compact/weights.h"
#include "train/compact/parameters.h"
#include "train/device/device_pack.h"
#include "train/device/projection.h"

namespace manyshot::train {

class CompactNetwork {
 public:
  // `output_scales`: of each layer's o and down, as parameters hold them (compact_model.h, residual_decay).
  CompactNetwork(const NetworkShape& shape, std::span<const float> output_scales, const at::Device& device,
                 at::ScalarType type);

  // Takes the weights of a model folder, which are not trained on.
  void set(const Weights& weights);
  // Takes the weights from masters [parameters] f32, laid out as ParameterPlaces says.
  void renew(const at::Tensor& masters, const ParameterPlaces& places);
  // Adds what backward passes have left since the last call to gradients, laid out as the masters.
  void add_gradients(at::Tensor& gradients, const ParameterPlaces& places);

  // f32 at the bars of each kind [bars, answers], in their order there; undefined where there are none.
  struct Logits {
    at::Tensor labels, numbers;
    const at::Tensor& of_one_kind() const { return numbers.defined() ? numbers : labels; }  // where there is but one
  };
  Logits logits(const DevicePack& pack) const;

  at::Device device() const { return device_; }
  at::ScalarType type() const { return type_; }

 private:
  // A weight in the network's type; its gradient comes with autograd.
  struct Leaf {
    size_t place = 0;
    float scale = 1;
    at::Tensor weight;
  };
  struct Layer {
    Leaf input_norm, qkv, o, post_attention_norm, gate_up, down;
  };
  template <class Work>
  void for_leaves(const ParameterPlaces& places, const Work& work);
  at::Tensor smooth_tables() const;  // [num_smooth, D]
  at::Tensor embed(const DevicePack& pack, const at::Tensor& smooth) const;
  at::Tensor row_layer(const Layer& layer, const at::Tensor& x, const DevicePack& pack, const Angles& angles) const;
  at::Tensor last_row_layer(const Layer& layer, const at::Tensor& x, const DevicePack& pack, const Angles& angles,
                            const Angles& asking_angles) const;
  at::Tensor context_layer(const Layer& layer, const at::Tensor& x, const DevicePack& pack, const Angles& angles,
                           bool is_last) const;
  at::Tensor finish(const Layer& layer, const at::Tensor& x, const at::Tensor& attended) const;
  at::Tensor norm(const at::Tensor& x, const at::Tensor& gain) const;
  Angles angles_of(const at::Tensor& places) const;
  Projection projection(const at::Tensor& first, const at::Tensor& second = {}) const;

  const NetworkShape& shape_;
  std::vector<float> scales_;
  at::Device device_;
  at::ScalarType type_;
  at::Tensor cosines_, sines_;        // [places, head_dim / 2] f32
  at::Tensor number_features_;        // [codes, kNumberFeatures] f32
  Leaf smooth_, plain_, final_norm_;  // f32; smooth_: [tables, kNumberFeatures, D]
  at::Tensor smooth_tables_;          // [num_smooth, D] f32 of set(); else it follows from smooth_
  std::vector<Layer> layers_;
};

}  // namespace manyshot::train
