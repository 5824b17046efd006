#include "predict/residual_spread.h"

#include <algorithm>
#include <numeric>

namespace manyshot {

std::vector<uint64_t> rows_for_residuals(uint64_t num_rows) {
  constexpr uint64_t kMostRows = 2'000;
  const uint64_t count = std::min(num_rows, kMostRows);
  std::vector<uint64_t> rows(count);
  for (uint64_t i = 0; i < count; ++i) rows[i] = i * num_rows / count;
  return rows;
}

ResidualSpread::ResidualSpread(std::vector<double> residuals) {
  double mean = 0;
  for (const double residual : residuals) mean += residual / static_cast<double>(residuals.size());
  for (double& residual : residuals) residual -= mean;
  std::ranges::sort(residuals);
  slices_ = slices_of(residuals);
}

Distributions ResidualSpread::around(std::span<const double> means) const {
  Distributions result{.values = std::vector<double>(means.size() * kNumSlices)};
  for (size_t query = 0; query < means.size(); ++query) {
    for (size_t slice = 0; slice < kNumSlices; ++slice) result.at(query)[slice] = means[query] + slices_[slice];
  }
  return result;
}

}  // namespace manyshot
