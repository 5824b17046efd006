// The loops over scores inside ContextAttention, for one tile of tokens in one head.
#pragma once

#include <cstddef>

#include "kernels/context_attention.h"

namespace manyshot::kernels {

// Tokens first .. first + count - 1 of a task, of which the last sees `most` labels. Scores stand `padded` values
// apart.
struct SummaryTile {
  SummaryTokens tokens;  // the task's
  size_t first = 0;
  size_t count = 0;
  size_t most = 0;
  size_t padded = 0;
  size_t width() const { return round_up(most, kPanelWidth); }  // of the scores in use
};

// One head of queries, keys and values: q[token] has head_dim values.
struct HeadView {
  Rows<const float> q, k, v;
  size_t head_dim;
};

constexpr size_t kOwnScores = 4;  // values kept per token: two weights, then two gradients

// What the softmax of a tile leaves.
template <class T>
struct TileWeights {
  T* labels;             // [count, padded], relative to the largest score; zero for labels that a token does not see
  float* own;            // [count, kOwnScores], of the token's own keys
  float* inverse;        // [count], 1 / the sum of the weights
  Rows<float> log_sums;  // one value a token of the task
};

// From the label scores [count, padded] of the tile.
template <class T>
void softmax_tile(const SummaryTile& tile, const HeadView& in, const float* scores, const TileWeights<T>& weights);

// out[token] = (sums[m] + own weights times own values) * inverse[m].
template <class T>
void finish_tile(const SummaryTile& tile, const HeadView& in, const float* sums, const TileWeights<T>& weights,
                 Rows<T> out);

// sums[token] = dot(dout, out) of one head.
template <class T>
void output_dots(size_t num_tokens, size_t head_dim, Rows<const float> dout, Rows<const T> out, Rows<float> sums);

// The softmax's gradient in one tile.
template <class T>
struct TileGradient {
  const float* scores;         // [count, padded]
  const float* dweights;       // [count, padded], gradients by the weights
  Rows<const float> log_sums;  // one value a token of the task
  Rows<const float> deltas;    // one value a token: output_dots()
  Rows<const float> dout;      // head_dim values a token
  T* weights;                  // [count, padded], written
  T* dscores;                  // [count, padded], written
  float* own;                  // [count, kOwnScores], written
};
template <class T>
void softmax_gradient_tile(const SummaryTile& tile, const HeadView& in, const TileGradient<T>& to);

// Adds what the own keys contribute to the gradients of queries, keys and values.
void own_gradients(const SummaryTile& tile, const HeadView& in, Rows<const float> dout, const float* own,
                   const AttentionGradient& gradient);

}  // namespace manyshot::kernels
