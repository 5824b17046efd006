#include "prior/task/task.h"

namespace manyshot {

std::string_view column_kind_name(ColumnKind kind) {
  constexpr std::string_view kNames[] = {"numeric", "integer", "ordinal", "categorical"};
  return kNames[static_cast<size_t>(kind)];
}

std::string_view rejection_name(Rejection reason) {
  constexpr std::string_view kNames[kNumRejections] = {"not_finite", "constant_labels", "class_coverage", "no_columns",
                                                       "no_signal"};
  return kNames[static_cast<size_t>(reason)];
}

std::vector<size_t> Task::class_counts() const {
  std::vector<size_t> counts(static_cast<size_t>(num_classes), 0);
  for (const int32_t label : labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

}  // namespace manyshot
