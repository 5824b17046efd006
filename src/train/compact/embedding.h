// The input vectors of rows (docs/formats/compact.md): sums of rows of the embedding table, as token_sum() says.
#pragma once

#include <span>

#include "encoding/prompt.h"
#include "train/compact/network_shape.h"

namespace manyshot::train {

// `Value` is const float for vectors, float for their gradients.
template <class Value>
struct EmbeddingView {
  Value* smooth;  // [num_smooth, D]
  Value* plain;   // [num_plain, D]

  // Row `place` of both, as NetworkShape::table_place() counts.
  Value* row(const NetworkShape& shape, size_t place) const {
    return place < shape.num_smooth() ? smooth + place * shape.D : plain + (place - shape.num_smooth()) * shape.D;
  }
};
using EmbeddingTable = EmbeddingView<const float>;
using EmbeddingGradient = EmbeddingView<float>;

// Consecutive rows of one kind. In memory they stand as in TrainSample: num_features values, the bar, the label.
struct RowRange {
  const TokenId* tokens = nullptr;  // of the first row
  size_t count = 0;
  size_t num_features = 0;
  size_t summaries = 2;  // tokens behind the values that the network reads: bar and label, or a query's bar

  size_t row_tokens() const { return num_features + summaries; }
  size_t num_tokens() const { return count * row_tokens(); }
  RowRange slice(size_t first, size_t rows) const {
    return {tokens + first * (num_features + 2), rows, num_features, summaries};
  }
};

// x [num_tokens, D].
void embed_rows(const NetworkShape& shape, const EmbeddingTable& table, const RowRange& rows, float* x);
// Adds dx [num_tokens, D] to the rows that were looked up.
void embed_rows_backward(const NetworkShape& shape, const RowRange& rows, const float* dx,
                         const EmbeddingGradient& gradient);

}  // namespace manyshot::train
