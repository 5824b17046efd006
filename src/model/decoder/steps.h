// The token-wise halves of a Llama layer, on M tokens that stay in cache. Attention stands between them:
//
//   qkv = rotate(norm(x) W_qkv^T + b)   project_qkv()
//   attended = attention(qkv)
//   x += attended W_o^T,  x += swiglu(norm(x)) W_down^T   finish_layer(), or with other products swiglu_tiles()
//
// A token's numbers depend on that token only, bit for bit. Norms, sums and the residual stream are f32.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "model/decoder/layer.h"
#include "model/decoder/shape.h"

namespace manyshot {

// What project_qkv() reads of a layer.
template <class T>
struct QkvWeights {
  const float* norm = nullptr;  // [D]
  const float* bias = nullptr;  // [qkv_width], or none
  kernels::Panels<T> matrix;    // [qkv_width, D]
};

template <class T>
QkvWeights<T> qkv_weights(const DecoderLayer<T>& layer) {
  return {layer.input_norm.data(), layer.qkv_bias.empty() ? nullptr : layer.qkv_bias.data(), layer.qkv.panels()};
}

// M tokens of the residual stream, and which entries of a rotation's list they are.
struct TokenRows {
  const float* x = nullptr;  // [M, D]
  size_t M = 0;
  kernels::Positions positions;
};

// Adds the bias (none: nullptr) to qkv [M, qkv_width], turns queries and keys, and scales the queries.
void finish_qkv(const DecoderShape& shape, const float* bias, const kernels::Rotation& rotation, size_t M,
                kernels::Positions positions, float* qkv);

// qkv [M, qkv_width]; normed [M, D] is the product's input. multiply(normed, qkv) stands for the layer's own product.
template <class T, class Multiply>
void project_qkv(const DecoderShape& shape, const QkvWeights<T>& weights, const kernels::Rotation& rotation,
                 const TokenRows& rows, T* normed, float* qkv, const Multiply& multiply) {
  kernels::rms_norm({weights.norm, shape.D, shape.epsilon}, {rows.x, shape.D}, rows.M, {normed, shape.D});
  multiply(normed, qkv);
  finish_qkv(shape, weights.bias, rotation, rows.M, rows.positions, qkv);
}

template <class T>
void project_qkv(const DecoderShape& shape, const QkvWeights<T>& weights, const kernels::Rotation& rotation,
                 const TokenRows& rows, T* normed, float* qkv) {
  project_qkv(shape, weights, rotation, rows, normed, qkv, [&](const T* input, float* output) {
    kernels::gemm({input, shape.D}, rows.M, weights.matrix, {output, shape.qkv_width}, kernels::Store::kOverwrite);
  });
}

// Where the inside of an MLP is made, `tile` of its num_columns at a time, so that gates and ups stay in cache.
template <class T>
struct SwigluTiles {
  size_t num_columns = 0, tile = 0, M = 0;
  float* gate_up = nullptr;  // [M, 2 tile]
  T* hidden = nullptr;       // [M, num_columns]
};

// hidden = silu(gates) * ups (Shazeer 2020). multiply(column, width) leaves gates `column` … of `width` columns in
// gate_up, the ups that go with them beside them, rows 2 * width apart; keep(column, width) may look at them then.
template <class T, class Multiply, class Keep>
void swiglu_tiles(const SwigluTiles<T>& tiles, const Multiply& multiply, const Keep& keep) {
  for (size_t column = 0; column < tiles.num_columns; column += tiles.tile) {
    const size_t width = std::min(tiles.tile, tiles.num_columns - column);
    multiply(column, width);
    kernels::silu_mul({tiles.gate_up, tiles.gate_up + width, 2 * width}, tiles.M, width,
                      {tiles.hidden + column, tiles.num_columns});
    keep(column, width);
  }
}

// Scratch memory of finish_layer().
template <class T>
struct FinishScratch {
  T* normed = nullptr;       // [M, D]
  float* gate_up = nullptr;  // [M, 2 kSwigluTile]
  T* hidden = nullptr;       // [M, mlp_width]
};

// Output projection of attended [M, query_width] and SwiGLU, each added to x [M, D].
template <class T>
void finish_layer(const DecoderShape& shape, const DecoderLayer<T>& layer, const T* attended, size_t M,
                  const FinishScratch<T>& scratch, float* x);

extern template void finish_layer(const DecoderShape&, const DecoderLayer<float>&, const float*, size_t,
                                  const FinishScratch<float>&, float*);
extern template void finish_layer(const DecoderShape&, const DecoderLayer<kernels::BFloat16>&, const kernels::BFloat16*,
                                  size_t, const FinishScratch<kernels::BFloat16>&, float*);

}  // namespace manyshot
