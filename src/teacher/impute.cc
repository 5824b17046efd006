#include "teacher/impute.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace manyshot::teacher {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

}  // namespace

bool is_finite(const ColumnsView& columns) {
  for (size_t feature = 0; feature < columns.num_features; ++feature) {
    float sum = 0;
    for (const float value : columns.column(feature)) sum += value - value;  // 0 or NaN
    if (sum != 0) return false;
  }
  return true;
}

void MedianImputer::fit(const ColumnsView& labelled) {
  medians_.assign(labelled.num_features, 0);
  for (size_t feature = 0; feature < labelled.num_features; ++feature) {
    sorted_.clear();
    for (const float value : labelled.column(feature)) {
      if (!std::isnan(value)) sorted_.push_back(std::clamp(value, -kLargest, kLargest));
    }
    if (sorted_.empty()) continue;
    const auto upper = sorted_.begin() + static_cast<ptrdiff_t>(sorted_.size() / 2);
    std::nth_element(sorted_.begin(), upper, sorted_.end());
    const double lower = sorted_.size() % 2 == 1 ? *upper : *std::max_element(sorted_.begin(), upper);
    medians_[feature] = static_cast<float>(0.5 * lower + 0.5 * double{*upper});
  }
}

ColumnsView MedianImputer::apply(const ColumnsView& columns, std::vector<float>& memory) const {
  assert(columns.num_features == medians_.size());
  const size_t size = columns.num_rows * columns.num_features;
  if (memory.size() < size) memory.resize(size);
  for (size_t feature = 0; feature < columns.num_features; ++feature) {
    float* out = memory.data() + feature * columns.num_rows;
    for (const float value : columns.column(feature)) {
      *out++ = std::isnan(value) ? medians_[feature] : std::clamp(value, -kLargest, kLargest);
    }
  }
  return {memory.data(), columns.num_rows, columns.num_features, columns.num_rows};
}

}  // namespace manyshot::teacher
