// Small tables for tests of predictors.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/rng.h"
#include "predict/predictor.h"
#include "table/take_rows.h"

namespace manyshot::testing {

// Columns x0, x1, … of numbers.
inline Table numbers(std::vector<std::vector<double>> columns) {
  Table table{.num_rows = columns.front().size()};
  for (size_t i = 0; i < columns.size(); ++i) {
    table.columns.push_back({.name = "x" + std::to_string(i), .numbers = std::move(columns[i])});
  }
  return table;
}

// One column of text categories.
inline Table categories(std::vector<std::string> names, std::vector<int32_t> codes) {
  Table table{.num_rows = codes.size()};
  table.columns.push_back(
      {.name = "tone", .type = ColumnType::kCategorical, .codes = std::move(codes), .categories = std::move(names)});
  return table;
}

// Eight categories, of which every second says "b" and the others "a", beside a column of noise; a tenth of the labels
// are wrong.
inline LabelledTable tones(size_t num_rows, uint64_t seed) {
  const Rng rng(seed);
  LabelledTable table{.classes = {"a", "b"}};
  std::vector<int32_t> codes;
  std::vector<double> noise;
  for (size_t row = 0; row < num_rows; ++row) {
    codes.push_back(static_cast<int32_t>(rng.child("tone").below(row, 8)));
    noise.push_back(rng.child("noise").normal(row));
    table.labels.push_back((codes.back() % 2 == 1) != rng.child("label").bernoulli(row, 0.1) ? 1 : 0);
  }
  table.features = categories({"a", "b", "c", "d", "e", "f", "g", "h"}, std::move(codes));
  table.features.columns.push_back({.name = "noise", .numbers = std::move(noise)});
  return table;
}

// Two Gaussian clouds in `num_features` columns, `distance` apart; their rows take turns.
inline LabelledTable clouds(size_t num_rows, size_t num_features, double distance, uint64_t seed) {
  const Rng rng(seed);
  std::vector<std::vector<double>> columns(num_features, std::vector<double>(num_rows));
  LabelledTable shots{.classes = {"a", "b"}};
  for (size_t row = 0; row < num_rows; ++row) {
    const auto label = static_cast<int32_t>(row % 2);
    shots.labels.push_back(label);
    for (size_t column = 0; column < num_features; ++column) {
      columns[column][row] = rng.child("x", column).normal(row) + label * distance;
    }
  }
  shots.features = numbers(std::move(columns));
  return shots;
}

// Expects that each of `groups`, rows of `queries`, gets the bits that it has in `all`, the answers to all of them.
inline void expect_same_in_groups(const Predictor& predictor, const Table& queries, const std::vector<double>& all,
                                  const std::vector<std::vector<uint64_t>>& groups) {
  const size_t num_classes = all.size() / queries.num_rows;
  for (const std::vector<uint64_t>& rows : groups) {
    const std::vector<double> some = predictor.predict(take_rows(queries, rows));
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t k = 0; k < num_classes; ++k)
        EXPECT_EQ(some[i * num_classes + k], all[rows[i] * num_classes + k]) << rows[i];
    }
  }
}

}  // namespace manyshot::testing
