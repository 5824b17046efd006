// k nearest neighbours with weights 1/distance, Euclidean, on features standardised by the labelled rows (missing: the
// mean). Eight neighbours, as the published baseline (arXiv 2509.06806, section 3.1.2), which however leaves its
// features unscaled.
#pragma once

#include <span>

#include "predict/predictor.h"

namespace manyshot {

// The vote alone, for features of whatever scale.
class KnnClassifier {
 public:
  // rows [N, F] row-major, finite; labels [N]. REQUIRES: at least one row and one neighbour.
  KnnClassifier(std::vector<double> rows, std::vector<int32_t> labels, size_t num_classes, int num_neighbors);
  // queries [Q, F] to probabilities [Q, K]. Safe from several threads.
  std::vector<double> predict(std::span<const double> queries) const;

 private:
  void vote(const double* query, double* probabilities) const;

  std::vector<double> rows_;
  std::vector<int32_t> labels_;
  size_t num_features_, num_classes_, num_neighbors_;
};

class KnnMethod : public Method {
 public:
  explicit KnnMethod(int num_neighbors = 8) : num_neighbors_(num_neighbors) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

 private:
  int num_neighbors_;
};

}  // namespace manyshot
