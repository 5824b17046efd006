// The loops over scores inside SummaryAttention, for one tile of tokens in one head.
#pragma once

#include <cstddef>

#include "kernels/summary_attention.h"

namespace manyshot {

// Tokens first .. first + count - 1, of which the last sees `most` labels. Scores stand `padded` values apart.
struct SummaryTile {
  size_t first = 0;
  size_t count = 0;
  size_t most = 0;
  size_t padded = 0;
  size_t width() const { return round_up(most, kPanelWidth); }  // of the scores in use
};

// One head of queries, keys and values: q[token * q_stride] has head_dim values.
struct HeadView {
  const float* q;
  const float* k;
  const float* v;
  size_t q_stride, kv_stride, head_dim;
};

constexpr size_t kOwnScores = 4;  // values kept per token: two weights, then two gradients

// From the label scores [count, padded] of the tile: weights relative to the largest score, zero for labels a token
// does not see; `own` gets the weights of the token's own keys. log_sums[token * log_stride] and inverse [count], 1 /
// the sum of the weights.
template <class T>
void softmax_tile(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* scores,
                  T* weights, float* own, float* inverse, float* log_sums, size_t log_stride);

// out[token] = (sums[m] + own weights times own values) * inverse[m].
template <class T>
void finish_tile(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* sums,
                 const float* own, const float* inverse, T* out, size_t out_stride);

// sums[token * sum_stride] = dot(dout, out) of one head.
template <class T>
void output_dots(size_t num_tokens, size_t head_dim, const float* dout, size_t dout_stride, const T* out,
                 size_t out_stride, float* sums, size_t sum_stride);

// From scores and gradients by the weights (dweights, both [count, padded]): weights and gradients by the scores; `own`
// gets both for the own keys. log_sums and deltas (output_dots) stand `stride` apart.
template <class T>
void softmax_gradient_tile(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in,
                           const float* scores, const float* dweights, const float* log_sums, const float* deltas,
                           size_t stride, const float* dout, size_t dout_stride, T* weights, T* dscores, float* own);

// Adds what the own keys contribute to the gradients of queries, keys and values.
void own_gradients(const SummaryTokens& tokens, const SummaryTile& tile, const HeadView& in, const float* dout,
                   size_t dout_stride, const float* own, const AttentionGradient& gradient);

}  // namespace manyshot
