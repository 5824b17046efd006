// k nearest neighbours with weights 1/distance, Euclidean, on features standardised by the labelled rows (missing: the
// mean). Eight neighbours, as the published baseline (arXiv 2509.06806, section 3.1.2), which however leaves its
// features unscaled.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "predict/feature_scales.h"
#include "predict/number_predictor.h"
#include "predict/predictor.h"
#include "predict/residual_spread.h"

namespace manyshot {

// The nearest of some rows, for features of whatever scale.
class NearestRows {
 public:
  // rows [N, F] row-major, finite. REQUIRES: at least one row and one neighbour.
  NearestRows(std::vector<double> rows, size_t num_rows, int num_neighbors);
  struct Neighbour {
    uint32_t row = 0;
    double weight = 0;  // 1/distance, relative to that of the nearest
  };
  // The nearest first, of equals the first row; `left_out` is none of them. Safe from several threads.
  std::vector<Neighbour> find(const double* query, std::optional<size_t> left_out = std::nullopt) const;
  size_t num_features() const { return num_features_; }

 private:
  std::vector<double> rows_;
  size_t num_rows_, num_features_, num_neighbors_;
};

// The vote alone, for features of whatever scale.
class KnnClassifier {
 public:
  // rows [N, F] row-major, finite; labels [N]. REQUIRES: at least one row and one neighbour.
  KnnClassifier(std::vector<double> rows, std::vector<int32_t> labels, size_t num_classes, int num_neighbors);
  // queries [Q, F] to probabilities [Q, K]. Safe from several threads.
  std::vector<double> predict(std::span<const double> queries) const;

 private:
  void vote(const double* query, double* probabilities) const;

  NearestRows nearest_;
  std::vector<int32_t> labels_;
  size_t num_classes_;
};

class KnnMethod : public Method {
 public:
  explicit KnnMethod(int num_neighbors = 8) : num_neighbors_(num_neighbors) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

 private:
  int num_neighbors_;
};

// The weighted mean of the neighbours' numbers, and around it the residuals of the labelled rows, each predicted from
// the others.
class KnnRegressor {
 public:
  KnnRegressor(const FeatureMatrix& features, std::span<const double> numbers, int num_neighbors);
  Distributions predict(const FeatureMatrix& queries) const;
  const std::vector<double>& honest_means() const { return honest_means_; }

 private:
  double mean_of_neighbours(const double* query, std::optional<size_t> left_out) const;

  FeatureScales scales_;
  NearestRows nearest_;
  std::vector<double> numbers_, honest_means_;
  ResidualSpread spread_;
};

class KnnNumberMethod : public NumberMethod {
 public:
  explicit KnnNumberMethod(int num_neighbors = 8) : num_neighbors_(num_neighbors) {}
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override;

 private:
  int num_neighbors_;
};

}  // namespace manyshot
