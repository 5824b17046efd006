#include "predict/feature_scales.h"

#include <cmath>

namespace manyshot {

FeatureScales FeatureScales::fit(const FeatureMatrix& labelled) {
  FeatureScales result;
  for (size_t feature = 0; feature < labelled.num_features; ++feature)
    result.scales_.push_back(NumberCode::fit(labelled.column(feature)));
  return result;
}

std::vector<double> FeatureScales::apply(const FeatureMatrix& features) const {
  std::vector<double> rows(features.values.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const NumberCode& scale = scales_[i % scales_.size()];
    const double value = features.values[i];
    rows[i] = std::isnan(value) ? 0 : (value - scale.mean()) * scale.inverse_deviation();
  }
  return rows;
}

}  // namespace manyshot
