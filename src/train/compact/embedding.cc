#include "train/compact/embedding.h"

#include <algorithm>

#include "kernels/elementwise.h"

namespace manyshot::train {

using kernels::add;

void embed_rows(const NetworkShape& shape, const EmbeddingTable& table, const RowRange& rows, float* x) {
  const size_t D = shape.D;
  const auto vector = [&](TokenId row) { return table.row(shape, shape.table_place(row)); };
  for (size_t row = 0; row < rows.count; ++row) {
    const TokenId* tokens = rows.tokens + row * (rows.num_features + 2);
    for (size_t place = 0; place < rows.row_tokens(); ++place, x += D) {
      const TokenSum sum = token_sum(shape.config, tokens[place], place, rows.num_features);
      std::copy_n(vector(sum.first), D, x);
      if (sum.second >= 0) add(x, vector(sum.second), D, x);
      if (sum.column >= 0) add(x, vector(sum.column), D, x);
    }
  }
}

void embed_rows_backward(const NetworkShape& shape, const RowRange& rows, const float* dx,
                         const EmbeddingGradient& gradient) {
  const size_t D = shape.D;
  for (size_t row = 0; row < rows.count; ++row) {
    const TokenId* tokens = rows.tokens + row * (rows.num_features + 2);
    for (size_t place = 0; place < rows.row_tokens(); ++place, dx += D) {
      const TokenSum sum = token_sum(shape.config, tokens[place], place, rows.num_features);
      for (const TokenId part : {sum.first, sum.second, sum.column}) {
        if (part < 0) continue;
        float* to = gradient.row(shape, shape.table_place(part));
        add(to, dx, D, to);
      }
    }
  }
}

}  // namespace manyshot::train
