// Gradients of causal attention inside one text, tile by tile: weights are computed again from the log-sum-exps that
// the forward pass kept. Source: Dao 2023, "FlashAttention-2", arXiv 2307.08691, section 3.1, algorithm 2.
//
// Products take T (float or BFloat16), everything else is f32. A gradient is added up in an order that depends on the
// text's length and the shape only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "kernels/attention.h"
#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/tile_attention.h"

namespace manyshot::kernels {

// log2 of the sum of the weights that M queries gave to the keys they saw: what is left of their softmax.
template <class T>
void attention_log_sums(const RunningAttention<T>& rows, size_t M, float* log_sums);

// dots[head] = a . b of each head of one token; a and b are [num_heads, head_dim].
void dot_heads(const float* a, const float* b, size_t num_heads, size_t head_dim, float* dots);
void dot_heads(const float* a, const BFloat16* b, size_t num_heads, size_t head_dim, float* dots);

// One key head and the query heads of its group. Row t * group + h is head h of token t.
template <class T>
struct AttentionGroup {
  size_t num_tokens = 0;
  size_t group = 1;
  size_t head_dim = 0;
  const T* queries = nullptr;        // [tokens * group, head_dim], scaled by kQueryScaleBase / sqrt(head_dim)
  const T* out_gradients = nullptr;  // [tokens * group, head_dim], of the attention's output
  const float* log_sums = nullptr;   // [tokens * group], from attention_log_sums()
  const float* dots = nullptr;       // [tokens * group], out_gradient . output of each row
  const T* keys = nullptr;           // token t's key and value [head_dim] begin at t * key_stride
  const T* values = nullptr;
  size_t key_stride = 0;
};

// To get from these to gradients of unscaled queries and of keys, multiply by 1 / sqrt(head_dim) and 1 /
// kQueryScaleBase.
struct AttentionGradients {
  float* queries = nullptr;  // [tokens * group, head_dim]
  float* keys = nullptr;     // token t's at t * key_stride
  float* values = nullptr;
  size_t key_stride = 0;
};

// Holds scratch memory for one thread.
template <class T>
class AttentionGradientKernel {
 public:
  explicit AttentionGradientKernel(const AttentionShape& shape);

  // What keys [first_key, last_key) take part in: their own gradients are written, those of the queries that see any of
  // them are added to, and nothing else is touched. REQUIRES: first_key a multiple of kKeyTile.
  void run(const AttentionGroup<T>& in, size_t first_key, size_t last_key, const AttentionGradients& out);

 private:
  void load_keys(const AttentionGroup<T>& in, size_t first_key, size_t num_keys, size_t slot);
  void load_queries(const AttentionGroup<T>& in, size_t first_token);
  void add_tile(const AttentionGroup<T>& in, size_t first_key, size_t num_keys, size_t slot,
                const AttentionGradients& out);
  Panels<T> panels(const AlignedBuffer<T>& data, size_t slot, size_t num_rows, size_t width) const;

  size_t head_dim_, group_, tile_tokens_;
  AlignedBuffer<T> key_columns_, value_columns_, key_rows_;  // panels of one tile of keys per slot
  // The queries at hand.
  size_t first_token_ = 0, num_rows_ = 0;
  Panels<T> queries_, gradients_;
  AlignedBuffer<T> query_panels_, gradient_panels_;
  AlignedBuffer<float> scores_, weight_gradients_;  // [rows, kKeyTile]
  AlignedBuffer<T> weights_, score_panels_, score_rows_;
  std::vector<uint8_t> visible_;
};

extern template class AttentionGradientKernel<float>;
extern template class AttentionGradientKernel<BFloat16>;

// The loop between the products, for `num_rows` queries and one key tile:
//   weight = 2^(score - log_sum) for the first visible[row] keys, else 0; score_gradient = weight (weight_gradient -
//   dot).
// `weights` and `score_panels` receive both as panels [rows, kKeyTile] (rows padded to even with zeros), `score_rows`
// the score gradients as rows. For BFloat16, REQUIRES: has_bf16(simd_level()).
template <class T>
struct WeightGradients {
  const float* scores;            // [rows, kKeyTile]
  const float* weight_gradients;  // [rows, kKeyTile]
  const float* log_sums;          // [rows]
  const float* dots;              // [rows]
  const uint8_t* visible;         // [rows], up to kKeyTile
  T* weights;
  T* score_panels;
  T* score_rows;
};
void differentiate_weights(const WeightGradients<float>& in, size_t num_rows);
void differentiate_weights(const WeightGradients<BFloat16>& in, size_t num_rows);

}  // namespace manyshot::kernels
