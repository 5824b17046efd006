#include "train/compact/layer_steps.h"

#include <algorithm>

#include "kernels/elementwise.h"
#include "kernels/elementwise_backward.h"
#include "kernels/gemm.h"
#include "kernels/outer_gemm.h"

namespace manyshot::train {

using kernels::add;
using kernels::AlignedBuffer;
using kernels::BFloat16;
using kernels::convert;
using kernels::gemm;
using kernels::outer_gemm;
using kernels::pack_rows;
using kernels::Panels;
using kernels::Positions;
using kernels::rms_norm;
using kernels::rms_norm_backward;
using kernels::rotate;
using kernels::round_up;
using kernels::silu_mul_backward;
using kernels::Store;

namespace {

constexpr size_t kColumnTile = 64;  // gates or ups made at a time

}  // namespace

template <class T>
BlockMemory<T>::BlockMemory(const NetworkShape& shape, size_t max_tokens) {
  const size_t even = round_up(max_tokens, 2), I = shape.intermediate;
  normed = AlignedBuffer<T>(max_tokens * shape.D);
  hidden = AlignedBuffer<T>(max_tokens * std::max(I, shape.D));
  given = AlignedBuffer<T>(max_tokens * shape.D);
  dqkv = AlignedBuffer<T>(max_tokens * shape.qkv_width);
  dgate_up = AlignedBuffer<T>(max_tokens * 2 * I);
  output_panels = AlignedBuffer<T>(even * std::max({2 * I, shape.qkv_width, shape.D}));
  input_panels = AlignedBuffer<T>(even * std::max({I, shape.query_width(), shape.D}));
  gates = AlignedBuffer<float>(max_tokens * std::max(2 * kColumnTile, shape.D));
  dnormed = AlignedBuffer<float>(max_tokens * shape.D);
}

template <class T>
size_t BlockMemory<T>::token_bytes(const NetworkShape& shape) {
  const size_t I = shape.intermediate, D = shape.D;
  return sizeof(T) * (2 * D + std::max(I, D) + shape.qkv_width + 2 * I + std::max({2 * I, shape.qkv_width, D}) +
                      std::max({I, shape.query_width(), D})) +
         sizeof(float) * (std::max(2 * kColumnTile, D) + D);
}

template <class T>
void LayerSteps<T>::normalise(const float* x, const float* gain, size_t M) {
  rms_norm({gain, shape_.D, shape_.epsilon}, {x, shape_.D}, M, {memory_.normed.data(), shape_.D});
}

template <class T>
void LayerSteps<T>::add_weight_gradient(const T* given, size_t outputs, const T* input, size_t inputs, size_t M,
                                        float* dweight) {
  const Panels<T> by_output = pack_rows({given, outputs}, M, outputs, memory_.output_panels.data());
  const Panels<T> by_input = pack_rows({input, inputs}, M, inputs, memory_.input_panels.data());
  outer_gemm(by_output, outputs, by_input, {dweight, inputs}, Store::kAdd);
}

template <class T>
void LayerSteps<T>::project(const TrainedLayer<T>& layer, const LayerRecord<T>& record, size_t M, Positions positions) {
  project_qkv<T>(shape_, layer.qkv_weights(), shape_.rotations.rotation(), {record.x, M, positions},
                 memory_.normed.data(), record.qkv);
}

template <class T>
void LayerSteps<T>::finish(const TrainedLayer<T>& layer, const LayerRecord<T>& record, size_t M, float* y) {
  const size_t D = shape_.D, I = shape_.intermediate;
  std::copy_n(record.x, M * D, record.x_mid);
  gemm({record.attended, shape_.query_width()}, M, layer.o.forward(), {record.x_mid, D}, Store::kAdd);
  normalise(record.x_mid, layer.post_attention_norm, M);
  float* gates = memory_.gates.data();
  const auto multiply = [&](size_t column, size_t width) {
    gemm({memory_.normed.data(), D}, M, layer.gate_up.forward(column, width), {gates, 2 * width}, Store::kOverwrite);
    gemm({memory_.normed.data(), D}, M, layer.gate_up.forward(I + column, width), {gates + width, 2 * width},
         Store::kOverwrite);
  };
  const auto keep = [&](size_t column, size_t width) {
    convert({gates, 2 * width}, M, width, {record.gate_up + column, 2 * I});
    convert({gates + width, 2 * width}, M, width, {record.gate_up + I + column, 2 * I});
  };
  swiglu_tiles<T>({I, kColumnTile, M, gates, memory_.hidden.data()}, multiply, keep);
  std::copy_n(record.x_mid, M * D, y);
  gemm({memory_.hidden.data(), I}, M, layer.down.forward(), {y, D}, Store::kAdd);
}

template <class T>
void LayerSteps<T>::finish_backward(const TrainedLayer<T>& layer, const LayerGradient& gradient,
                                    const LayerRecord<T>& record, size_t M, float* dx, float* dattended) {
  const size_t D = shape_.D, I = shape_.intermediate;
  T* given = memory_.given.data();
  T* dgate_up = memory_.dgate_up.data();
  float* dhidden = memory_.gates.data();
  convert({dx, D}, M, D, {given, D});
  for (size_t column = 0; column < I; column += kColumnTile) {
    const size_t width = std::min(kColumnTile, I - column);
    gemm({given, D}, M, layer.down.backward_inputs(column, width), {dhidden, width}, Store::kOverwrite);
    silu_mul_backward({record.gate_up + column, record.gate_up + I + column, 2 * I}, {dhidden, width}, M, width,
                      {dgate_up + column, dgate_up + I + column, 2 * I}, {memory_.hidden.data() + column, I});
  }
  add_weight_gradient(given, D, memory_.hidden.data(), I, M, gradient.down);
  normalise(record.x_mid, layer.post_attention_norm, M);
  add_weight_gradient(dgate_up, 2 * I, memory_.normed.data(), D, M, gradient.gate_up);
  gemm({dgate_up, 2 * I}, M, layer.gate_up.backward(), {memory_.dnormed.data(), D}, Store::kOverwrite);
  rms_norm_backward({layer.post_attention_norm, D, shape_.epsilon}, {record.x_mid, D}, {memory_.dnormed.data(), D}, M,
                    {dx, D}, gradient.post_attention_norm);
  convert({dx, D}, M, D, {given, D});
  add_weight_gradient(given, D, record.attended, shape_.query_width(), M, gradient.o);
  gemm({given, D}, M, layer.o.backward(), {dattended, shape_.query_width()}, Store::kOverwrite);
}

template <class T>
void LayerSteps<T>::project_backward(const TrainedLayer<T>& layer, const LayerGradient& gradient,
                                     const LayerRecord<T>& record, size_t M, Positions positions, float* dqkv,
                                     float* dx) {
  const size_t D = shape_.D, width = shape_.qkv_width;
  rotate(shape_.rotations_back.rotation(), {dqkv, width}, M, shape_.attention.num_heads, positions, shape_.query_scale);
  rotate(shape_.rotations_back.rotation(), {dqkv + shape_.query_width(), width}, M, shape_.attention.num_kv_heads,
         positions, 1.0f);
  convert({dqkv, width}, M, width, {memory_.dqkv.data(), width});
  normalise(record.x, layer.input_norm, M);
  add_weight_gradient(memory_.dqkv.data(), width, memory_.normed.data(), D, M, gradient.qkv);
  gemm({memory_.dqkv.data(), width}, M, layer.qkv.backward(), {memory_.dnormed.data(), D}, Store::kOverwrite);
  rms_norm_backward({layer.input_norm, D, shape_.epsilon}, {record.x, D}, {memory_.dnormed.data(), D}, M, {dx, D},
                    gradient.input_norm);
}

template <class T>
void LayerSteps<T>::project_last(const TrainedLayer<T>& layer, const float* x, const RowTokens& rows, float* q,
                                 float* kv) {
  project_last_row_layer<T>(shape_, layer.qkv_weights(), shape_.rotations.rotation(), x, rows,
                            {memory_.normed.data(), memory_.hidden.data(), q, kv});
}

template <class T>
void LayerSteps<T>::project_last_backward(const TrainedLayer<T>& layer, const LayerGradient& gradient, const float* x,
                                          const RowTokens& rows, float* dq, float* dkv, float* dx) {
  const size_t D = shape_.D, width = shape_.query_width(), kv_width = 2 * shape_.key_width();
  const size_t M = rows.size(), num_queries = rows.num_queries();
  rotate(shape_.rotations_back.rotation(), {dkv, kv_width}, M, shape_.attention.num_kv_heads, rows.positions(), 1.0f);
  rotate(shape_.rotations_back.rotation(), {dq, width}, num_queries, shape_.attention.num_heads, rows.query_positions(),
         shape_.query_scale);
  normalise(x, layer.input_norm, M);

  float* dnormed = memory_.dnormed.data();
  T* given = memory_.dqkv.data();
  convert({dkv, kv_width}, M, kv_width, {given, kv_width});
  add_weight_gradient(given, kv_width, memory_.normed.data(), D, M, gradient.qkv + width * D);
  gemm({given, kv_width}, M, layer.qkv.backward_outputs(width, kv_width), {dnormed, D}, Store::kOverwrite);

  gather_query_rows(rows, D, memory_.normed.data(), memory_.hidden.data());
  convert({dq, width}, num_queries, width, {given, width});
  add_weight_gradient(given, width, memory_.hidden.data(), D, num_queries, gradient.qkv);
  float* of_queries = memory_.gates.data();
  gemm({given, width}, num_queries, layer.qkv.backward_outputs(0, width), {of_queries, D}, Store::kOverwrite);
  for (size_t query = 0; query < num_queries; ++query) {
    float* to = dnormed + rows.query_token(query) * D;
    add(to, of_queries + query * D, D, to);
  }
  rms_norm_backward({layer.input_norm, D, shape_.epsilon}, {x, D}, {dnormed, D}, M, {dx, D}, gradient.input_norm);
}

template struct BlockMemory<float>;
template struct BlockMemory<BFloat16>;
template class LayerSteps<float>;
template class LayerSteps<BFloat16>;

}  // namespace manyshot::train
