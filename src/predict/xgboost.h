// Gradient boosting by XGBoost (Chen and Guestrin 2016, arXiv 1603.02754) with the settings of the published baseline:
// 500 trees a class of depth 4, learning rate 0.05, 80 % of rows and columns a tree (facts: arXiv 2509.06806,
// section 3.1.2). Two classes: logistic; more: softmax. Classes without labelled rows are left out of training.
#pragma once

#include "predict/predictor.h"

namespace manyshot {

class XgboostMethod : public Method {
 public:
  explicit XgboostMethod(uint64_t seed) : seed_(seed) {}
  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override;

 private:
  uint64_t seed_;
};

}  // namespace manyshot
