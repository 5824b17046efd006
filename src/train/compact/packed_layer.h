// One layer's weights in the forms that the forward and the backward pass multiply with.
#pragma once

#include "kernels/aligned_buffer.h"
#include "kernels/gemm.h"
#include "model/decoder/steps.h"
#include "train/compact/network_shape.h"
#include "train/compact/parameters.h"

namespace manyshot::train {

template <class T>
class TrainedMatrix {
 public:
  TrainedMatrix() = default;
  TrainedMatrix(size_t num_outputs, size_t num_inputs);
  // Takes over scale * W, W [num_outputs, num_inputs].
  void renew(const float* weight, float scale);

  // For x W^T, all outputs or those from first on (multiples of 16).
  kernels::Panels<T> forward() const { return forward_; }
  kernels::Panels<T> forward(size_t first, size_t count) const {
    return forward_.range(first / kernels::kPanelWidth, (first + count) / kernels::kPanelWidth);
  }
  // For dy W, all inputs or `count` from first on; dy has the given outputs.
  kernels::Panels<T> backward() const { return backward_; }
  kernels::Panels<T> backward_inputs(size_t first, size_t count) const {
    return backward_.range(first / kernels::kPanelWidth, (first + count) / kernels::kPanelWidth);
  }
  kernels::Panels<T> backward_outputs(size_t first, size_t count) const;

  static size_t bytes(size_t num_outputs, size_t num_inputs) { return 2 * num_outputs * num_inputs * sizeof(T); }

 private:
  size_t num_outputs_ = 0, num_inputs_ = 0;
  kernels::AlignedBuffer<T> columns_, rows_;
  kernels::Panels<T> forward_, backward_;
};

template <class T>
struct TrainedLayer {
  explicit TrainedLayer(const NetworkShape& shape);
  // output_scale multiplies o and down: the residual stream's decay, folded into what is added to it.
  void renew(const CompactParameters& parameters, const LayerPlaces& places, float output_scale);

  QkvWeights<T> qkv_weights() const { return {input_norm, nullptr, qkv.forward()}; }

  const float* input_norm = nullptr;  // the masters
  const float* post_attention_norm = nullptr;
  TrainedMatrix<T> qkv, o, gate_up, down;
};

// Where the gradients of one layer are added up.
struct LayerGradient {
  LayerGradient(float* gradients, const LayerPlaces& places)
      : input_norm(gradients + places.input_norm),
        qkv(gradients + places.qkv),
        o(gradients + places.o),
        post_attention_norm(gradients + places.post_attention_norm),
        gate_up(gradients + places.gate_up),
        down(gradients + places.down) {}
  float *input_norm, *qkv, *o, *post_attention_norm, *gate_up, *down;
};

extern template class TrainedMatrix<float>;
extern template class TrainedMatrix<kernels::BFloat16>;
extern template struct TrainedLayer<float>;
extern template struct TrainedLayer<kernels::BFloat16>;

}  // namespace manyshot::train
