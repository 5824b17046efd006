#include "predict/knn.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/parallel.h"
#include "encoding/features.h"
#include "predict/encoded_predictor.h"

namespace manyshot {
namespace {

class KnnPredictor : public Predictor {
 public:
  KnnPredictor(const LabelledTable& shots, int num_neighbors) : encoder_(FeatureEncoder::fit(shots.features)) {
    const FeatureMatrix features = encoder_.transform(shots.features);
    scales_ = FeatureScales::fit(features);
    classifier_.emplace(scales_.apply(features), shots.labels, shots.num_classes(), num_neighbors);
  }

  std::vector<double> predict(const Table& queries) const override {
    return classifier_->predict(scales_.apply(encoder_.transform(queries)));
  }

  std::vector<std::string> notes() const override { return encoder_.notes(); }

 private:
  FeatureEncoder encoder_;
  FeatureScales scales_;
  std::optional<KnnClassifier> classifier_;
};

}  // namespace

NearestRows::NearestRows(std::vector<double> rows, size_t num_rows, int num_neighbors)
    : rows_(std::move(rows)),
      num_rows_(num_rows),
      num_features_(rows_.size() / num_rows),
      num_neighbors_(std::min<size_t>(static_cast<size_t>(num_neighbors), num_rows)) {}

std::vector<NearestRows::Neighbour> NearestRows::find(const double* query, std::optional<size_t> left_out) const {
  std::vector<double> distances(num_rows_);
  for (size_t row = 0; row < num_rows_; ++row) {
    double sum = 0;
    for (size_t feature = 0; feature < num_features_; ++feature) {
      const double difference = query[feature] - rows_[row * num_features_ + feature];
      sum += difference * difference;
    }
    distances[row] = std::sqrt(sum);
  }
  std::vector<uint32_t> order(num_rows_);
  std::iota(order.begin(), order.end(), 0);
  if (left_out) order.erase(order.begin() + static_cast<ptrdiff_t>(*left_out));
  const size_t count = std::min(num_neighbors_, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
      [&](uint32_t a, uint32_t b) { return distances[a] != distances[b] ? distances[a] < distances[b] : a < b; });
  // Rows at distance 0 outweigh all others; 1/distance of very near ones may overflow, so weights are relative to the
  // nearest.
  const double nearest = count > 0 ? distances[order[0]] : 0;
  std::vector<Neighbour> neighbours;
  for (size_t rank = 0; rank < count; ++rank) {
    const double distance = distances[order[rank]];
    neighbours.push_back({order[rank], nearest > 0 ? nearest / distance : (distance > 0 ? 0 : 1.0)});
  }
  return neighbours;
}

KnnClassifier::KnnClassifier(std::vector<double> rows, std::vector<int32_t> labels, size_t num_classes,
                             int num_neighbors)
    : nearest_(std::move(rows), labels.size(), num_neighbors), labels_(std::move(labels)), num_classes_(num_classes) {}

std::vector<double> KnnClassifier::predict(std::span<const double> queries) const {
  const size_t num_features = nearest_.num_features();
  const size_t num_queries = queries.size() / num_features;
  std::vector<double> probabilities(num_queries * num_classes_);
  parallel_for(num_queries, [&](size_t query, int) {
    vote(queries.data() + query * num_features, probabilities.data() + query * num_classes_);
  });
  return probabilities;
}

void KnnClassifier::vote(const double* query, double* probabilities) const {
  double total = 0;
  for (const auto& [row, weight] : nearest_.find(query)) {
    probabilities[labels_[row]] += weight;
    total += weight;
  }
  for (size_t k = 0; k < num_classes_; ++k) probabilities[k] /= total;
}

std::unique_ptr<Predictor> KnnMethod::fit(const LabelledTable& shots) const {
  return std::make_unique<KnnPredictor>(shots, num_neighbors_);
}

KnnRegressor::KnnRegressor(const FeatureMatrix& features, std::span<const double> numbers, int num_neighbors)
    : scales_(FeatureScales::fit(features)),
      nearest_(scales_.apply(features), features.num_rows, num_neighbors),
      numbers_(numbers.begin(), numbers.end()) {
  const std::vector<double> rows = scales_.apply(features);
  const std::vector<uint64_t> tried = rows_for_residuals(features.num_rows);
  std::vector<double> residuals(tried.size());
  honest_means_.assign(features.num_rows, std::numeric_limits<double>::quiet_NaN());
  parallel_for(tried.size(), [&](size_t i, int) {
    const uint64_t row = tried[i];
    const double mean = mean_of_neighbours(rows.data() + row * features.num_features, row);
    residuals[i] = numbers_[row] - mean;
    if (features.num_rows > 1) honest_means_[row] = mean;
  });
  spread_ = ResidualSpread(residuals);
}

double KnnRegressor::mean_of_neighbours(const double* query, std::optional<size_t> left_out) const {
  double sum = 0, total = 0;
  for (const auto& [row, weight] : nearest_.find(query, left_out)) {
    sum += weight * numbers_[row];
    total += weight;
  }
  return total > 0 ? sum / total : numbers_.front();  // a single row has no neighbour
}

Distributions KnnRegressor::predict(const FeatureMatrix& queries) const {
  const std::vector<double> rows = scales_.apply(queries);
  std::vector<double> means(queries.num_rows);
  parallel_for(queries.num_rows, [&](size_t query, int) {
    means[query] = mean_of_neighbours(rows.data() + query * queries.num_features, std::nullopt);
  });
  return spread_.around(means);
}

std::unique_ptr<NumberPredictor> KnnNumberMethod::fit(const NumberedTable& shots) const {
  return std::make_unique<EncodedNumberPredictor<KnnRegressor>>(shots, num_neighbors_);
}

}  // namespace manyshot
