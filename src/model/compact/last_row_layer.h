// The projection of the last row layer: every token of a row is read as a key, but only the row's summaries go on, so
// queries are theirs alone.
#pragma once

#include <cstddef>

#include "model/decoder/steps.h"

namespace manyshot {

// Rows of row_tokens tokens each, of which the last `queries` go on.
struct RowTokens {
  size_t num_rows = 0, row_tokens = 0, queries = 0;

  size_t size() const { return num_rows * row_tokens; }
  size_t num_queries() const { return num_rows * queries; }
  size_t query_token(size_t query) const {
    return query / queries * row_tokens + row_tokens - queries + query % queries;
  }
  kernels::Positions positions() const { return {.first = 0, .period = row_tokens}; }
  kernels::Positions query_positions() const { return {.first = row_tokens - queries, .period = queries}; }
};

// Copies the query tokens' rows of x [rows.size(), D] to `gathered` [rows.num_queries(), D].
template <class T>
void gather_query_rows(const RowTokens& rows, size_t D, const T* x, T* gathered) {
  for (size_t query = 0; query < rows.num_queries(); ++query)
    std::copy_n(x + rows.query_token(query) * D, D, gathered + query * D);
}

template <class T>
struct LastRowBuffers {
  T* normed = nullptr;    // [rows.size(), D]
  T* gathered = nullptr;  // [rows.num_queries(), D]
  float* q = nullptr;     // [rows.num_queries(), query_width]
  float* kv = nullptr;    // [rows.size(), 2 key_width]
};

// Fills q (turned and scaled) and kv (turned) of the tokens x [rows.size(), D].
template <class T>
void project_last_row_layer(const DecoderShape& shape, const QkvWeights<T>& weights, const kernels::Rotation& rotation,
                            const float* x, const RowTokens& rows, const LastRowBuffers<T>& to) {
  const size_t D = shape.D, width = shape.query_width(), kv_width = 2 * shape.key_width(),
               query_panels = width / kernels::kPanelWidth;
  kernels::rms_norm({weights.norm, D, shape.epsilon}, {x, D}, rows.size(), {to.normed, D});
  kernels::gemm({to.normed, D}, rows.size(), weights.matrix.range(query_panels, shape.qkv_width / kernels::kPanelWidth),
                {to.kv, kv_width}, kernels::Store::kOverwrite);
  kernels::rotate(rotation, {to.kv, kv_width}, rows.size(), shape.attention.num_kv_heads, rows.positions(), 1.0f);
  gather_query_rows(rows, D, to.normed, to.gathered);
  kernels::gemm({to.gathered, D}, rows.num_queries(), weights.matrix.range(0, query_panels), {to.q, width},
                kernels::Store::kOverwrite);
  kernels::rotate(rotation, {to.q, width}, rows.num_queries(), shape.attention.num_heads, rows.query_positions(),
                  shape.query_scale);
}

}  // namespace manyshot
