// The first rows of a test table and what was predicted of them, for people to look at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "predict/predict_file.h"

namespace manyshot {

class PredictionPreview {
 public:
  // Batches of the chosen model, in the order of the rows; after the first rows they are not looked at.
  void add(const PredictedBatch& batch);
  bool is_empty() const { return rows_.empty(); }
  // A line for each row under a line of titles, in aligned columns. REQUIRES: !is_empty().
  std::string text(const std::vector<std::string>& classes) const;

 private:
  struct Row {
    uint64_t row = 0;
    int32_t label = 0;
    double probability = 0;
    std::optional<int32_t> truth;
  };
  std::vector<Row> rows_;
};

}  // namespace manyshot
