// A task drawn from a prior: a table whose every cell and target is known to the last bit by (options, seed, index).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"

namespace manyshot::prior {

// What a column's values are. The names reach files.
enum class ColumnKind {
  kNumeric,
  kInteger,      // counts
  kOrdinal,      // levels with an order
  kCategorical,  // levels without one
};
constexpr auto names_of(ColumnKind) {
  return std::to_array<Named<ColumnKind>>({{ColumnKind::kNumeric, "numeric"},
                                           {ColumnKind::kInteger, "integer"},
                                           {ColumnKind::kOrdinal, "ordinal"},
                                           {ColumnKind::kCategorical, "categorical"}});
}

struct ColumnInfo {
  ColumnKind kind = ColumnKind::kNumeric;
  int32_t num_levels = 0;  // levels the column can take; 0: not limited
  // The value before standardising: offset + scale * value. Levels and counts are whole numbers then, but for cells
  // that the clamp at four standard deviations moved.
  double offset = 0;
  double scale = 1;
  bool missing = false;  // has NaN cells
};

// What a task asks for. The names reach files.
enum class TargetKind { kClass, kNumber };
constexpr auto names_of(TargetKind) {
  return std::to_array<Named<TargetKind>>({{TargetKind::kClass, "class"}, {TargetKind::kNumber, "number"}});
}

// Why a draw was thrown away and repeated. The names reach files.
enum class Rejection {
  kNotFinite,       // NaN or infinity in the label's score or a column
  kConstantLabels,  // fewer than two classes
  kClassCoverage,   // some class is missing before or behind the task's split, in ten orders of the rows
  kNoColumns,       // every column is constant
  kNoSignal,        // no column shares an ancestor with the label (graph), or the score is constant (effects)
  kConstantTarget,  // the number to predict is the same in more than 95 % of the rows
};
constexpr auto names_of(Rejection) {
  return std::to_array<Named<Rejection>>({{Rejection::kNotFinite, "not_finite"},
                                          {Rejection::kConstantLabels, "constant_labels"},
                                          {Rejection::kClassCoverage, "class_coverage"},
                                          {Rejection::kNoColumns, "no_columns"},
                                          {Rejection::kNoSignal, "no_signal"},
                                          {Rejection::kConstantTarget, "constant_target"}});
}
inline constexpr size_t kNumRejections = names_of(Rejection{}).size();

struct Task {
  uint64_t index = 0;
  std::string prior;  // the prior it came from: "mlp", "tree", "graph", "forest", "effects"
  size_t num_rows = 0;
  int num_classes = 0;           // 0 for numbers
  std::vector<float> columns;    // [F, num_rows], a column after the other; standardised over all rows; NaN: missing
  std::vector<ColumnInfo> info;  // [F]
  TargetKind target_kind = TargetKind::kClass;
  std::vector<int32_t> labels;       // [num_rows], 0..num_classes-1, every class present; empty for numbers
  std::vector<float> target_values;  // [num_rows], standardised over all rows, finite; empty for classes
  ColumnInfo target_info;            // of target_values: kind, and what they were before standardising
  std::array<uint32_t, kNumRejections> rejections{};  // draws thrown away before this one, by reason

  size_t num_features() const { return info.size(); }
  std::span<const float> column(size_t feature) const { return {columns.data() + feature * num_rows, num_rows}; }
  std::vector<size_t> class_counts() const;  // [num_classes] rows of each class
  uint32_t num_rejections() const {
    uint32_t sum = 0;
    for (const uint32_t count : rejections) sum += count;
    return sum;
  }
};

}  // namespace manyshot::prior
