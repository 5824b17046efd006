// The token-wise halves of a layer, forward and backward, on a block of tokens that stays in cache. Attention stands
// between them:
//
//   qkv = rotate(norm(x) W_qkv^T)   project()
//   attended = attention(qkv)
//   x' = x + attended W_o^T,  y = x' + swiglu(norm(x')) W_down^T   finish()
#pragma once

#include <cstddef>

#include "kernels/aligned_buffer.h"
#include "model/compact/last_row_layer.h"
#include "train/compact/network_shape.h"
#include "train/compact/packed_layer.h"

namespace manyshot::train {

// What the backward pass reads of a layer, for all tokens that went through it. Pointers to a block's first token.
template <class T>
struct LayerRecord {
  float* x = nullptr;      // [M, D], before the layer
  float* qkv = nullptr;    // [M, qkv_width], rotated, queries scaled
  T* attended = nullptr;   // [M, query_width]
  float* x_mid = nullptr;  // [M, D], behind the attention
  T* gate_up = nullptr;    // [M, 2 intermediate]
};

// The memory of LayerRecords for up to max_tokens tokens.
template <class T>
struct LayerTape {
  LayerTape() = default;
  LayerTape(const NetworkShape& shape, size_t max_tokens)
      : D(shape.D),
        qkv_width(shape.qkv_width),
        query_width(shape.query_width()),
        gate_up_width(2 * shape.intermediate),
        x(max_tokens * D),
        qkv(max_tokens * qkv_width),
        x_mid(max_tokens * D),
        attended(max_tokens * query_width),
        gate_up(max_tokens * gate_up_width) {}
  LayerRecord<T> from(size_t token) {
    return {x.data() + token * D, qkv.data() + token * qkv_width, attended.data() + token * query_width,
            x_mid.data() + token * D, gate_up.data() + token * gate_up_width};
  }
  static size_t token_bytes(const NetworkShape& shape) {
    return (2 * shape.D + shape.qkv_width) * sizeof(float) + (shape.query_width() + 2 * shape.intermediate) * sizeof(T);
  }

  size_t D = 0, qkv_width = 0, query_width = 0, gate_up_width = 0;
  kernels::AlignedBuffer<float> x, qkv, x_mid;
  kernels::AlignedBuffer<T> attended, gate_up;
};

// Scratch memory for blocks of up to max_tokens tokens.
template <class T>
struct BlockMemory {
  BlockMemory() = default;
  BlockMemory(const NetworkShape& shape, size_t max_tokens);
  static size_t token_bytes(const NetworkShape& shape);

  kernels::AlignedBuffer<T> normed, hidden, given, dqkv, dgate_up;
  kernels::AlignedBuffer<T> output_panels, input_panels;  // factors of a weight's gradient
  kernels::AlignedBuffer<float> gates, dnormed;           // [tokens, 2 tiles of columns], [tokens, D]
};

template <class T>
class LayerSteps {
 public:
  LayerSteps(const NetworkShape& shape, BlockMemory<T>& memory) : shape_(shape), memory_(memory) {}

  void project(const TrainedLayer<T>& layer, const LayerRecord<T>& record, size_t M, kernels::Positions positions);
  // y may be the next layer's x.
  void finish(const TrainedLayer<T>& layer, const LayerRecord<T>& record, size_t M, float* y);

  // dx [M, D]: the gradient by y becomes that by x' (residual branch included); dattended [M, query_width].
  void finish_backward(const TrainedLayer<T>& layer, const LayerGradient& gradient, const LayerRecord<T>& record,
                       size_t M, float* dx, float* dattended);
  // dx grows by the gradient through qkv; dqkv is turned back in place.
  void project_backward(const TrainedLayer<T>& layer, const LayerGradient& gradient, const LayerRecord<T>& record,
                        size_t M, kernels::Positions positions, float* dqkv, float* dx);

  // The last row layer (model/compact/last_row_layer.h): q [rows.num_queries(), query_width], kv [rows.size(), 2
  // key_width].
  void project_last(const TrainedLayer<T>& layer, const float* x, const RowTokens& rows, float* q, float* kv);
  void project_last_backward(const TrainedLayer<T>& layer, const LayerGradient& gradient, const float* x,
                             const RowTokens& rows, float* dq, float* dkv, float* dx);

 private:
  void normalise(const float* x, const float* gain, size_t M);
  // dW += dy^T x of rows `given` [M, outputs] and `input` [M, inputs].
  void add_weight_gradient(const T* given, size_t outputs, const T* input, size_t inputs, size_t M, float* dweight);

  const NetworkShape& shape_;
  BlockMemory<T>& memory_;
};

extern template struct BlockMemory<float>;
extern template struct BlockMemory<kernels::BFloat16>;
extern template class LayerSteps<float>;
extern template class LayerSteps<kernels::BFloat16>;

}  // namespace manyshot::train
