// Gradient boosting by XGBoost (Chen and Guestrin 2016, arXiv 1603.02754) with the settings of the published baseline:
// 500 trees a class of depth 4, learning rate 0.05, 80 % of rows and columns a tree (facts: arXiv 2509.06806,
// section 3.1.2). Two classes: logistic; more: softmax. Classes without labelled rows are left out of training. Nominal
// features are read as categories, not as numbers; the published baseline numbers them
// (evaluate/published_baselines.h).
#pragma once

#include <mutex>
#include <span>

#include "encoding/features.h"
#include "predict/predictor.h"

namespace manyshot {

struct XgboostOptions {
  int num_rounds = 500;
  double learning_rate = 0.05;
  int max_depth = 4;
};

// The booster alone; NaN is missing. A query's category that no labelled row has is told from all others: it goes where
// the categories go that a split does not name.
class XgboostClassifier {
 public:
  XgboostClassifier(const FeatureMatrix& features, std::span<const int32_t> labels, size_t num_classes, uint64_t seed,
                    const XgboostOptions& options = {});
  ~XgboostClassifier();
  XgboostClassifier(const XgboostClassifier&) = delete;
  XgboostClassifier& operator=(const XgboostClassifier&) = delete;
  std::vector<double> predict(const FeatureMatrix& queries) const;  // [Q, K]

 private:
  void set_parameters(const FeatureMatrix& features, uint64_t seed, const XgboostOptions& options);

  size_t num_classes_;
  std::vector<size_t> present_;  // classes with labelled rows, in order: the booster's classes
  void* booster_ = nullptr;      // a BoosterHandle; null with fewer than two classes
  mutable std::mutex mutex_;
};

class XgboostMethod : public Method {
 public:
  explicit XgboostMethod(uint64_t seed) : seed_(seed) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

 private:
  uint64_t seed_;
};

}  // namespace manyshot
