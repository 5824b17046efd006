// Columns for tests of parts.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "table/table.h"

namespace manyshot::testing {

// A column with a text for each row.
inline Column texts(std::vector<std::string> cells, std::string name = "text") {
  Column column{.name = std::move(name), .type = ColumnType::kText};
  for (std::string& cell : cells) {
    column.codes.push_back(static_cast<int32_t>(column.categories.size()));
    column.categories.push_back(std::move(cell));
  }
  return column;
}

// Sentences of drawn words; those of class 1 have one of three further words.
struct Sentences {
  Column column;
  std::vector<int32_t> labels;
};
inline Sentences sentences(size_t num_rows, uint64_t seed) {
  const std::vector<std::string> usual{"the", "house", "stands", "near", "old", "bridge", "and", "river", "market"},
      telling{"refund", "broken", "late"};
  Sentences result;
  std::vector<std::string> cells;
  for (size_t row = 0; row < num_rows; ++row) {
    const Rng rng = Rng(seed).child("row", row);
    std::string text = std::to_string(row);
    for (uint64_t i = 0; i < 6; ++i) text += " " + usual[rng.child("word").below(i, usual.size())];
    result.labels.push_back(static_cast<int32_t>(rng.below(0, 2)));
    if (result.labels.back() == 1) text += " " + telling[rng.below(1, telling.size())];
    cells.push_back(std::move(text));
  }
  result.column = texts(std::move(cells));
  return result;
}

}  // namespace manyshot::testing
