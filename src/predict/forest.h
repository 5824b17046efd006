// A random forest (teacher/random_forest.h) as a baseline: 100 trees and the other defaults of scikit-learn's
// RandomForestClassifier. The published baseline (arXiv 2509.06806, section 3.1.2) is the same with 30 trees; 100 is
// what "a random forest" means to most people, and its probabilities are finer. As there, missing numbers become the
// median of the labelled rows.
#pragma once

#include <span>

#include "encoding/features.h"
#include "predict/number_predictor.h"
#include "predict/predictor.h"
#include "teacher/impute.h"
#include "teacher/random_forest.h"
#include "teacher/regression_forest.h"

namespace manyshot {

// The forest alone, behind the medians of the labelled rows.
class ForestClassifier {
 public:
  ForestClassifier(const FeatureMatrix& features, std::span<const int32_t> labels, size_t num_classes, int num_trees,
                   uint64_t seed, bool out_of_bag = false);
  // [N, K] Class shares of the labelled rows by the trees that did not see them; NaN for rows that every tree saw.
  // REQUIRES: out_of_bag.
  const std::vector<double>& out_of_bag_probabilities() const { return forest_.out_of_bag_probabilities(); }
  std::vector<double> predict(const FeatureMatrix& queries) const;  // [Q, K]

 private:
  teacher::MedianImputer imputer_;
  teacher::RandomForest forest_;
};

class ForestMethod : public Method {
 public:
  explicit ForestMethod(uint64_t seed, int num_trees = 100) : seed_(seed), num_trees_(num_trees) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

 private:
  uint64_t seed_;
  int num_trees_;
};

// The forest for numbers (teacher/regression_forest.h), 100 trees with leaves of at least two rows: the targets of a
// query's leaves are its distribution. With leaves of one its intervals hold too little (docs/adr/0021).
class ForestRegressor {
 public:
  ForestRegressor(const FeatureMatrix& features, std::span<const double> numbers, int num_trees, uint64_t seed);
  Distributions predict(const FeatureMatrix& queries) const;
  const std::vector<double>& honest_means() const { return forest_.out_of_bag_means(); }

 private:
  teacher::MedianImputer imputer_;
  teacher::RegressionForest forest_;
};

class ForestNumberMethod : public NumberMethod {
 public:
  explicit ForestNumberMethod(uint64_t seed, int num_trees = 100) : seed_(seed), num_trees_(num_trees) {}
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override;

 private:
  uint64_t seed_;
  int num_trees_;
};

}  // namespace manyshot
