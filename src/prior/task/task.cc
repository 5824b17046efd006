#include "prior/task/task.h"

namespace manyshot::prior {

std::vector<size_t> Task::class_counts() const {
  std::vector<size_t> counts(static_cast<size_t>(num_classes), 0);
  for (const int32_t label : labels) ++counts[static_cast<size_t>(label)];
  return counts;
}

}  // namespace manyshot::prior
