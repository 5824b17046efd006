// Which rows of the training table are asked for where no test table is given.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/options.h"
#include "predict/task_tables.h"

namespace manyshot {

struct OwnRowsOptions {
  std::optional<uint64_t> folds;
  std::optional<double> holdout;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("folds", self.folds, between(2, 100),
      "Without --test: predict every labelled row from those of the other folds, each class in proportion, to learn "
      "how "
      "good answers are.");
    v("holdout", self.holdout, between(0.01, 0.99),
      "Without --test: hold out this share of the labelled rows, each class in proportion, and predict them from the "
      "others.");
  }
};

// Rows of the training table in parts that are each predicted by themselves.
struct OwnRows {
  std::vector<int32_t> part;  // [rows of the table] -1: not asked for
  size_t num_parts = 1;

  bool is_asked(size_t row) const { return part[row] >= 0; }
  // The table's labels [rows] as part `index` may use them: -1 for the rows that it predicts.
  std::vector<int32_t> usable_labels(const std::vector<int32_t>& labels, size_t index) const;
};

// With folds or a holdout labelled rows; else the rows without a label. Throws Error(kBadInput) when there is nothing
// to predict, or nothing to predict it from.
OwnRows choose_own_rows(const OwnRowsOptions& options, const TaskOptions& task, const TrainingTable& table);

// The rows that are asked for: those of the test table, or `own` of the training table.
QueryReader open_queries(const TaskOptions& task, const TrainingTable& train, const std::optional<OwnRows>& own);

}  // namespace manyshot
