#include "train/compact/embedding.h"

#include <algorithm>

#include "kernels/elementwise.h"

namespace manyshot::train {

using kernels::add;

namespace {

// The one or two vectors that make token `place` of a row.
template <class Value>
struct Parts {
  Value* vector;
  Value* column;  // null for bar and label
};

template <class Value>
Parts<Value> parts_of(const NetworkShape& shape, const EmbeddingView<Value>& view, const RowRange& rows,
                      const TokenId* row, size_t place) {
  const size_t D = shape.D;
  const auto nth = [&](TokenId token, const TokenRange& range) { return static_cast<size_t>(token - range.first) * D; };
  if (place < rows.num_features) {
    return {view.numbers + nth(row[place], shape.config.number_tokens), view.columns + place * D};
  }
  if (place == rows.num_features) return {view.bar, nullptr};
  return {view.labels + nth(row[place], shape.config.label_tokens), nullptr};
}

}  // namespace

void embed_rows(const NetworkShape& shape, const EmbeddingTable& table, const RowRange& rows, float* x) {
  const size_t D = shape.D;
  for (size_t row = 0; row < rows.count; ++row) {
    const TokenId* tokens = rows.tokens + row * (rows.num_features + 2);
    for (size_t place = 0; place < rows.row_tokens(); ++place, x += D) {
      const auto parts = parts_of(shape, table, rows, tokens, place);
      if (parts.column != nullptr) {
        add(parts.vector, parts.column, D, x);
      } else {
        std::copy_n(parts.vector, D, x);
      }
    }
  }
}

void embed_rows_backward(const NetworkShape& shape, const RowRange& rows, const float* dx,
                         const EmbeddingGradient& gradient) {
  const size_t D = shape.D;
  for (size_t row = 0; row < rows.count; ++row) {
    const TokenId* tokens = rows.tokens + row * (rows.num_features + 2);
    for (size_t place = 0; place < rows.row_tokens(); ++place, dx += D) {
      const auto parts = parts_of(shape, gradient, rows, tokens, place);
      add(parts.vector, dx, D, parts.vector);
      if (parts.column != nullptr) add(parts.column, dx, D, parts.column);
    }
  }
}

}  // namespace manyshot::train
