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

}  // namespace manyshot
