// Features as the teacher takes them: columns of floats that stand at a fixed distance from each other, so that a range
// of a task's rows is a view into it.
#pragma once

#include <cstddef>
#include <span>

namespace manyshot::teacher {

// [F, N]; value (feature, row) stands at data[feature * stride + row]. Does not own its memory.
struct ColumnsView {
  const float* data = nullptr;
  size_t num_rows = 0;
  size_t num_features = 0;
  size_t stride = 0;  // rows of the table that holds the columns; at least num_rows

  std::span<const float> column(size_t feature) const { return {data + feature * stride, num_rows}; }
  float at(size_t row, size_t feature) const { return data[feature * stride + row]; }
  // Rows [first, first + count) of the same columns.
  ColumnsView rows(size_t first, size_t count) const { return {data + first, count, num_features, stride}; }
};

}  // namespace manyshot::teacher
