#include "predict/forest.h"

#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "core/rng.h"
#include "predict/encoded_predictor.h"

namespace manyshot {

using teacher::ColumnsView;
using teacher::ForestScratch;

namespace {

constexpr double kLargest = std::numeric_limits<float>::max();

// [F, N] in single precision, in which the forest works; numbers beyond it become its largest.
struct FloatColumns {
  explicit FloatColumns(const FeatureMatrix& features)
      : values(features.values.size()), num_rows(features.num_rows), num_features(features.num_features) {
    for (size_t row = 0; row < num_rows; ++row) {
      for (size_t feature = 0; feature < num_features; ++feature) {
        const double value = std::clamp(features.at(row, feature), -kLargest, kLargest);  // NaN stays
        values[feature * num_rows + row] = static_cast<float>(value);
      }
    }
  }
  ColumnsView view() const { return {values.data(), num_rows, num_features, num_rows}; }

  std::vector<float> values;
  size_t num_rows;
  size_t num_features;
};

}  // namespace

ForestClassifier::ForestClassifier(const FeatureMatrix& features, std::span<const int32_t> labels, size_t num_classes,
                                   int num_trees, uint64_t seed, bool out_of_bag) {
  const FloatColumns columns(features);
  imputer_.fit(columns.view());
  std::vector<float> filled;
  ForestScratch scratch;
  forest_.fit(imputer_.apply(columns.view(), filled), labels, static_cast<int>(num_classes),
              {.num_trees = num_trees, .out_of_bag = out_of_bag}, Rng(seed).child("forest"), scratch);
}

std::vector<double> ForestClassifier::predict(const FeatureMatrix& queries) const {
  const FloatColumns columns(queries);
  std::vector<float> filled;
  std::vector<double> probabilities(queries.num_rows * static_cast<size_t>(forest_.num_classes()));
  forest_.predict(imputer_.apply(columns.view(), filled), probabilities);
  return probabilities;
}

std::unique_ptr<Predictor> ForestMethod::fit(const LabelledTable& shots) const {
  return std::make_unique<EncodedPredictor<ForestClassifier>>(shots, num_trees_, seed_);
}

ForestRegressor::ForestRegressor(const FeatureMatrix& features, std::span<const double> numbers, int num_trees,
                                 uint64_t seed) {
  const FloatColumns columns(features);
  imputer_.fit(columns.view());
  std::vector<float> filled;
  forest_.fit(imputer_.apply(columns.view(), filled), numbers,
              {{.min_samples_leaf = 2}, num_trees, /*bootstrap=*/true, /*out_of_bag=*/true}, Rng(seed).child("forest"));
}

Distributions ForestRegressor::predict(const FeatureMatrix& queries) const {
  const FloatColumns columns(queries);
  std::vector<float> filled;
  const ColumnsView view = imputer_.apply(columns.view(), filled);
  Distributions result{.values = std::vector<double>(queries.num_rows * kNumSlices)};
  parallel_for(queries.num_rows, [&](size_t query, int) {
    std::vector<WeightedValue> values;
    for (const auto& [target, share] : forest_.distribution(view, query))
      values.push_back({forest_.targets()[target], share});
    put_slices(values, result.at(query));
  });
  return result;
}

std::unique_ptr<NumberPredictor> ForestNumberMethod::fit(const NumberedTable& shots) const {
  return std::make_unique<EncodedNumberPredictor<ForestRegressor>>(shots, num_trees_, seed_);
}

}  // namespace manyshot
