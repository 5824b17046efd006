// Ridge regression (Hoerl and Kennard 1970, "Ridge regression: biased estimation for nonorthogonal problems",
// Technometrics 12) in closed form, its penalty the one with the smallest leave-one-out error, which needs no second
// fit: e_i = (y_i - f_i) / (1 - h_i) with the leverage h_i (Golub, Heath and Wahba 1979, Technometrics 21, eq. 1.6).
//
// Features are standardised by the labelled rows, missing ones are the mean, and none counts as more than five
// deviations from it: a line must not run away with a typing error. A nominal feature (encoding/features.h) is a flag
// for each of its commonest categories.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "encoding/features.h"
#include "predict/feature_scales.h"
#include "predict/number_predictor.h"
#include "predict/residual_spread.h"

namespace manyshot {

class RidgeRegressor {
 public:
  RidgeRegressor(const FeatureMatrix& features, std::span<const double> numbers);
  Distributions predict(const FeatureMatrix& queries) const;
  const std::vector<double>& honest_means() const { return honest_means_; }
  double penalty() const { return penalty_; }  // in units of rows

 private:
  struct Flags {
    size_t feature = 0;
    std::vector<double> categories;  // each a flag
  };
  // [N, inputs] what the coefficients belong to, before it is standardised.
  FeatureMatrix inputs_of(const FeatureMatrix& features) const;
  std::vector<double> standardised(const FeatureMatrix& features) const;

  std::vector<Flags> flags_;
  FeatureScales scales_;
  std::vector<double> centres_;       // [inputs] means of the labelled rows' inputs, once cut
  double mean_ = 0;                   // of their numbers
  std::vector<double> coefficients_;  // [inputs]
  double penalty_ = 0;
  std::vector<double> honest_means_;
  ResidualSpread spread_;
};

class RidgeNumberMethod : public NumberMethod {
 public:
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override;
};

}  // namespace manyshot
