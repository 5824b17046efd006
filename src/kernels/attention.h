// The decoder's two attentions: causal inside one row, and from row summaries to the labels of the context.
//
// Scores, softmax and weighted sums are f32. Every sum runs over keys in increasing order or in 16 partial sums of
// fixed membership, so a query's result depends on its own keys only: not on the queries beside it nor on the vector
// length.
#pragma once

#include <cstddef>

#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

// Query head h reads key head h / (num_heads / num_kv_heads) (grouped-query attention, Ainslie et al. 2023).
// REQUIRES: head_dim a multiple of 16, num_heads a multiple of num_kv_heads. Queries arrive scaled by 1 /
// sqrt(head_dim).
struct AttentionShape {
  size_t num_heads = 0;
  size_t num_kv_heads = 0;
  size_t head_dim = 0;
  size_t query_width() const { return num_heads * head_dim; }
  size_t key_width() const { return num_kv_heads * head_dim; }
};

// Tokens of a buffer, `stride` floats apart: q[token * q_stride], k[token * kv_stride], v[token * kv_stride].
struct AttentionInput {
  const float* q = nullptr;
  const float* k = nullptr;
  const float* v = nullptr;
  size_t q_stride = 0;
  size_t kv_stride = 0;
};

// Causal attention inside one row: query i (at q[i]) is the row's token first_query + i and sees tokens 0 ..
// first_query + i. out[i] has query_width() values. `scratch` holds row_attention_scratch() floats.
void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   float* scratch, Rows<float> out);
void row_attention(const AttentionShape& shape, const AttentionInput& in, size_t num_tokens, size_t first_query,
                   float* scratch, Rows<BFloat16> out);
size_t row_attention_scratch(const AttentionShape& shape, size_t num_tokens);

// Keys and values of the context's labels in one layer, laid out for products with many queries.
class LabelCache {
 public:
  LabelCache() = default;
  LabelCache(const AttentionShape& shape, size_t num_labels);
  // Safe from several threads for different labels.
  void set(size_t label, const float* key, const float* value);
  // What set() was given: key and value, key_width() each.
  void get(size_t label, float* key, float* value) const;

  size_t num_labels() const { return num_labels_; }
  // Keys as columns of [head_dim, labels], values as rows of [labels, head_dim]; the first `count` labels of one key
  // head.
  Panels<float> keys(size_t kv_head, size_t count) const;
  Panels<float> values(size_t kv_head, size_t count) const;
  static size_t bytes(const AttentionShape& shape, size_t num_labels);

 private:
  AttentionShape shape_;
  size_t num_labels_ = 0;
  AlignedBuffer<float> keys_;    // [kv head][labels / 16][head_dim][16]
  AlignedBuffer<float> values_;  // [kv head][labels][head_dim]
};

// Which keys the tokens of a context_attention call see, besides the labels of their context:
// token m belongs to row m / tokens_per_row and sees the tokens of that row up to itself.
struct ContextTokens {
  size_t num_tokens = 0;
  size_t tokens_per_row = 1;
  size_t first_row = 0;
  bool is_query =
      false;  // sees every label; else only those of rows before its own (row first_row + m / tokens_per_row)

  size_t visible_labels(size_t token, size_t num_labels) const {
    return is_query ? num_labels : first_row + token / tokens_per_row;
  }
};

// out[m] has query_width() values. `scratch` holds context_attention_scratch() floats. REQUIRES: tokens_per_row <= 2.
void context_attention(const AttentionShape& shape, const LabelCache& labels, const AttentionInput& in,
                       const ContextTokens& tokens, float* scratch, Rows<float> out);
void context_attention(const AttentionShape& shape, const LabelCache& labels, const AttentionInput& in,
                       const ContextTokens& tokens, float* scratch, Rows<BFloat16> out);
size_t context_attention_scratch(const AttentionShape& shape, size_t num_labels);

}  // namespace manyshot::kernels
