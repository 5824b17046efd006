// `--model auto` for numbers: several methods, averaged with weights that their honest predictions of the labelled rows
// decide (docs/auto.md).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "predict/number_predictor.h"

namespace manyshot {

// The weights w >= 0 that sum to 1 and minimise
//   sum_rows (number - sum_m w_m p_m)^2 / e + strength * M * sum_m (w_m - 1/M)^2
// (stacking, Breiman 1996, "Stacked regressions", Machine Learning 24), e being the mean square error with equal
// weights: those are worth `strength` rows. `predictions`: of each of M members [N], honest
// (NumberPredictor::honest_means); rows that some member did not predict hold NaN and are left out. Returns [M].
std::vector<double> fit_number_blend(std::span<const std::vector<double>> predictions, std::span<const double> numbers,
                                     double strength);

// A predictor's slices are the weighted averages of its members' slices: quantiles are averaged, not probabilities
// (Vincent 1912), so that the mean is the weighted mean of means, and members that differ do not make the answer less
// sure than they are.
class BlendedNumberMethod : public NumberMethod {
 public:
  struct Member {
    std::string name;
    std::unique_ptr<NumberMethod> method;
  };
  explicit BlendedNumberMethod(std::vector<Member> members) : members_(std::move(members)) {}
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override { return fit_with(shots, {}); }
  std::unique_ptr<NumberPredictor> fit_with(const NumberedTable& shots, const FitStore& store) const override;

 private:
  std::vector<Member> members_;
};

}  // namespace manyshot
