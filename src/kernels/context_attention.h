// Attention of a `compact` decoder's in-context layers over one whole task, and its gradient, for training.
//
// A task's labelled rows have two tokens each, bar and label; its queries one, the bar. A token sees the bar of its own
// row (a label sees itself too) and the *labels* of earlier labelled rows; a query sees every label
// (docs/formats/compact.md). Products are of type T (float or BFloat16) with f32 sums; softmax is f32. Scores are never
// kept: the backward pass computes them again (Dao et al. 2022, "FlashAttention").
#pragma once

#include <cstddef>

#include "kernels/aligned_buffer.h"
#include "kernels/attention.h"
#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/row_group_attention.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

// Tokens 2 r and 2 r + 1 are bar and label of labelled row r; the queries' bars follow.
struct SummaryTokens {
  size_t num_labelled = 0;
  size_t num_queries = 0;

  size_t size() const { return 2 * num_labelled + num_queries; }
  // The token of row `row`, labelled rows counted first, that its label is read at.
  size_t bar(size_t row) const { return row < num_labelled ? 2 * row : num_labelled + row; }
  bool is_query(size_t token) const { return token >= 2 * num_labelled; }
  // Labels of the first so many rows are seen …
  size_t visible_labels(size_t token) const { return is_query(token) ? num_labelled : token / 2; }
  // … and the row's own tokens from own_first() to the token itself.
  size_t own_first(size_t token) const { return is_query(token) ? token : token - token % 2; }
};

struct HeadView;
struct SummaryTile;

// Holds the memory for tasks of up to max_tokens tokens, max_labelled of them labelled rows. For one thread at a time.
// REQUIRES: for BFloat16, has_bf16(simd_level()).
template <class T>
class ContextAttention {
 public:
  ContextAttention() = default;
  ContextAttention(const AttentionShape& shape, size_t max_tokens, size_t max_labelled);

  // out[token] has query_width() values; log_sums [tokens, num_heads] is what the backward pass needs of the softmax.
  void forward(const SummaryTokens& tokens, const AttentionInput& in, Rows<T> out, float* log_sums);
  // Overwrites `gradient` with the gradients for dout [tokens, query_width()].
  void backward(const SummaryTokens& tokens, const AttentionInput& in, Rows<const T> out, const float* log_sums,
                Rows<const float> dout, const AttentionGradient& gradient);

  static size_t bytes(const AttentionShape& shape, size_t max_tokens, size_t max_labelled);

 private:
  void convert_inputs(const SummaryTokens& tokens, const AttentionInput& in);
  SummaryTile tile_from(const SummaryTokens& tokens, size_t first) const;
  Panels<T> label_columns(const T* values, size_t num_labelled, size_t kv_head, AlignedBuffer<T>& memory) const;
  Panels<T> label_rows(const T* values, size_t num_labelled, size_t kv_head, AlignedBuffer<T>& memory) const;
  HeadView head_view(const AttentionInput& in, size_t head) const;
  void backward_tile(const AttentionInput& in, const SummaryTile& tile, size_t head, const float* log_sums,
                     Rows<const float> dout, const AttentionGradient& gradient);

  AttentionShape shape_;
  size_t padded_ = 0;                             // labels, to whole panels
  AlignedBuffer<T> q_, k_, v_, dout_;             // [tokens, query or key width]
  AlignedBuffer<T> key_columns_, value_columns_;  // of one head: [head_dim, labels]
  AlignedBuffer<T> key_rows_, value_rows_;        // of one head: [labels, head_dim]
  AlignedBuffer<float> scores_, dweights_;        // [tile, padded]
  AlignedBuffer<T> weights_, dscores_;            // [tile, padded]
  AlignedBuffer<T> weight_panels_, dscore_panels_, q_panels_, dout_panels_;
  AlignedBuffer<float> sums_;    // [tile, head_dim]
  AlignedBuffer<float> deltas_;  // [tokens, num_heads]: sum of dout * out
  AlignedBuffer<float> own_;     // [tile, 4]: weights and gradients by the scores of a token's own keys
};

extern template class ContextAttention<float>;
extern template class ContextAttention<BFloat16>;

}  // namespace manyshot::kernels
