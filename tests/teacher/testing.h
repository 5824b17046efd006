// Small tables for the teacher's tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "teacher/random_forest.h"

namespace manyshot::teacher {

struct TestTable {
  std::vector<float> values;  // [F, N]
  std::vector<int32_t> labels;
  size_t num_features = 0;
  int num_classes = 2;

  size_t num_rows() const { return labels.size(); }
  ColumnsView columns() const { return {values.data(), num_rows(), num_features, num_rows()}; }
  ColumnsView rows(size_t first, size_t count) const { return columns().rows(first, count); }
};

inline TestTable table_of(std::vector<std::vector<float>> columns, std::vector<int32_t> labels, int num_classes = 2) {
  TestTable table{.labels = std::move(labels), .num_features = columns.size(), .num_classes = num_classes};
  for (const auto& column : columns) table.values.insert(table.values.end(), column.begin(), column.end());
  return table;
}

// Labels by the sum of the first two features, some of them wrong. `levels`: values per feature, 0 for any number.
inline TestTable random_table(size_t num_rows, size_t num_features, int num_classes, int levels, uint64_t seed) {
  const Rng rng(seed);
  TestTable table{.num_features = num_features, .num_classes = num_classes};
  for (size_t feature = 0; feature < num_features; ++feature) {
    for (size_t row = 0; row < num_rows; ++row) {
      const double z = rng.child("x", feature).normal(row);
      table.values.push_back(
          static_cast<float>(levels > 0 ? std::floor(levels * 0.5 * std::erfc(-z / std::sqrt(2.0))) : z));
    }
  }
  for (size_t row = 0; row < num_rows; ++row) {
    const double score =
        table.values[row] + (num_features > 1 ? table.values[num_rows + row] : 0) + rng.child("noise").normal(row);
    const double share = 0.5 * std::erfc(-score / 2);
    table.labels.push_back(std::clamp(static_cast<int32_t>(share * num_classes), 0, num_classes - 1));
  }
  return table;
}

}  // namespace manyshot::teacher
