// Causal attention inside short rows and its gradient, for training: sixteen rows of equal length side by side.
//
// What row_attention() (attention.h) computes row by row is computed here with one row per vector lane, so that no
// product or sum crosses lanes however short the rows are. All in f32; a row's result does not depend on the rows
// beside it.
#pragma once

#include <cstddef>

#include "kernels/attention.h"
#include "kernels/bfloat16.h"
#include "kernels/rows.h"

namespace manyshot::kernels {

// Row r has its tokens at in.k[(r * num_tokens + token) * kv_stride] (and v), and queries for its last tokens, from
// first_query on, at in.q[(r * num_queries() + query) * q_stride], scaled by 1 / sqrt(head_dim). A query sees the
// tokens up to its own.
struct RowGroup {
  size_t num_rows = 0;
  size_t num_tokens = 0;  // of each row
  size_t first_query = 0;
  size_t num_queries() const { return num_tokens - first_query; }
};

// out[r * num_queries() + query] has query_width() values. `scratch` holds row_group_scratch() floats.
void row_group_attention(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows, float* scratch,
                         Rows<float> out);
void row_group_attention(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows, float* scratch,
                         Rows<BFloat16> out);

// Where gradients by queries, keys and values go; laid out as the input.
struct AttentionGradient {
  float* q = nullptr;
  float* k = nullptr;
  float* v = nullptr;
  size_t q_stride = 0;
  size_t kv_stride = 0;
};

// Overwrites `gradient` with the gradients for dout, which is laid out as `out`. The attention is computed again.
void row_group_attention_backward(const AttentionShape& shape, const AttentionInput& in, const RowGroup& rows,
                                  Rows<const float> dout, float* scratch, const AttentionGradient& gradient);

size_t row_group_scratch(const AttentionShape& shape, size_t num_tokens);

}  // namespace manyshot::kernels
