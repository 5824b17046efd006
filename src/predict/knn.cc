#include "predict/knn.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/parallel.h"
#include "encoding/features.h"
#include "encoding/number_code.h"

namespace manyshot {
namespace {

class KnnPredictor : public Predictor {
 public:
  KnnPredictor(const LabelledTable& shots, int num_neighbors) : encoder_(FeatureEncoder::fit(shots.features)) {
    const FeatureMatrix features = encoder_.transform(shots.features);
    for (size_t feature = 0; feature < features.num_features; ++feature) {
      scales_.push_back(NumberCode::fit(features.column(feature)));
    }
    classifier_.emplace(standardise(features), shots.labels, shots.num_classes(), num_neighbors);
  }

  std::vector<double> predict(const Table& queries) const override {
    return classifier_->predict(standardise(encoder_.transform(queries)));
  }

  std::vector<std::string> notes() const override { return encoder_.notes(); }

 private:
  std::vector<double> standardise(const FeatureMatrix& features) const {
    std::vector<double> rows(features.values.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const NumberCode& scale = scales_[i % scales_.size()];
      const double value = features.values[i];
      rows[i] = std::isnan(value) ? 0 : (value - scale.mean()) * scale.inverse_deviation();
    }
    return rows;
  }

  FeatureEncoder encoder_;
  std::vector<NumberCode> scales_;  // [F]
  std::optional<KnnClassifier> classifier_;
};

}  // namespace

KnnClassifier::KnnClassifier(std::vector<double> rows, std::vector<int32_t> labels, size_t num_classes,
                             int num_neighbors)
    : rows_(std::move(rows)),
      labels_(std::move(labels)),
      num_features_(rows_.size() / labels_.size()),
      num_classes_(num_classes),
      num_neighbors_(std::min<size_t>(static_cast<size_t>(num_neighbors), labels_.size())) {}

std::vector<double> KnnClassifier::predict(std::span<const double> queries) const {
  const size_t num_queries = queries.size() / num_features_;
  std::vector<double> probabilities(num_queries * num_classes_);
  parallel_for(num_queries, [&](size_t query, int) {
    vote(queries.data() + query * num_features_, probabilities.data() + query * num_classes_);
  });
  return probabilities;
}

void KnnClassifier::vote(const double* query, double* probabilities) const {
  std::vector<double> distances(labels_.size());
  for (size_t row = 0; row < labels_.size(); ++row) {
    double sum = 0;
    for (size_t feature = 0; feature < num_features_; ++feature) {
      const double difference = query[feature] - rows_[row * num_features_ + feature];
      sum += difference * difference;
    }
    distances[row] = std::sqrt(sum);
  }
  std::vector<uint32_t> order(labels_.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + num_neighbors_, order.end(), [&](uint32_t a, uint32_t b) {
    return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
  });
  // Rows at distance 0 outweigh all others; 1/distance of very near ones may overflow, so weights are relative to the
  // nearest.
  const double nearest = distances[order[0]];
  double total = 0;
  for (size_t rank = 0; rank < num_neighbors_; ++rank) {
    const double distance = distances[order[rank]];
    const double weight = nearest > 0 ? nearest / distance : (distance > 0 ? 0 : 1);
    probabilities[labels_[order[rank]]] += weight;
    total += weight;
  }
  for (size_t k = 0; k < num_classes_; ++k) probabilities[k] /= total;
}

std::unique_ptr<Predictor> KnnMethod::fit(const LabelledTable& shots) const {
  return std::make_unique<KnnPredictor>(shots, num_neighbors_);
}

}  // namespace manyshot
