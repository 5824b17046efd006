#include "predict/blend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace manyshot {
namespace {

using ::testing::DoubleEq;
using ::testing::Pointwise;

using Members = std::vector<std::vector<double>>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// [rows, 2] of a member that gives each row's own class `p`.
std::vector<double> gives(double p, const std::vector<int32_t>& labels) {
  std::vector<double> result;
  for (const int32_t label : labels) {
    result.push_back(label == 0 ? p : 1 - p);
    result.push_back(label == 1 ? p : 1 - p);
  }
  return result;
}

TEST(Blend, WithoutRowsTheWeightsAreThePrior) {
  const std::vector<double> prior{0.2, 0.5, 0.3};
  EXPECT_THAT(fit_blend(Members(3), {}, 2, prior, 6), Pointwise(DoubleEq(), prior));
}

TEST(Blend, TheBetterMemberTakesTheWeightAsRowsGrow) {
  const std::vector<double> prior{0.5, 0.5};
  double before = 0.5;
  for (const size_t rows : {4, 40, 400}) {
    const std::vector<int32_t> labels(rows, 1);
    const auto weights = fit_blend(Members{gives(0.9, labels), gives(0.3, labels)}, labels, 2, prior, 6);
    EXPECT_NEAR(weights[0] + weights[1], 1, 1e-12);
    EXPECT_GT(weights[0], before);
    before = weights[0];
  }
  EXPECT_GT(before, 0.95);
}

TEST(Blend, MaximisesThePenalisedLikelihood) {
  // Member 0 is right about the first three rows, member 1 about the last two.
  const std::vector<int32_t> labels{0, 1, 0, 1, 1};
  const Members members{{0.9, 0.1, 0.2, 0.8, 0.7, 0.3, 0.8, 0.2, 0.6, 0.4},
                        {0.5, 0.5, 0.6, 0.4, 0.4, 0.6, 0.1, 0.9, 0.2, 0.8}};
  const std::vector<double> prior{0.4, 0.6};
  const double strength = 2;
  const auto value = [&](double w) {
    double sum = strength * (prior[0] * std::log(w) + prior[1] * std::log(1 - w));
    for (size_t row = 0; row < labels.size(); ++row) {
      const size_t place = row * 2 + static_cast<size_t>(labels[row]);
      sum += std::log(w * members[0][place] + (1 - w) * members[1][place]);
    }
    return sum;
  };
  double best = 0.5;
  for (double w = 0.001; w < 1; w += 0.001) best = value(w) > value(best) ? w : best;
  EXPECT_NEAR(fit_blend(members, labels, 2, prior, strength)[0], best, 0.001);
}

TEST(Blend, RowsThatAMemberDidNotPredictAreLeftOut) {
  const std::vector<int32_t> labels{0, 0, 0};
  Members members{gives(0.9, labels), gives(0.2, labels)};
  const std::vector<double> prior{0.5, 0.5};
  const auto two = fit_blend(Members{gives(0.9, {0, 0}), gives(0.2, {0, 0})}, std::vector<int32_t>{0, 0}, 2, prior, 6);
  members[1][2] = members[1][3] = kNan;
  EXPECT_EQ(fit_blend(members, labels, 2, prior, 6), two);
}

TEST(Blend, AMemberThatWasSureAndWrongOnceKeepsAWeight) {
  const std::vector<int32_t> labels(20, 1);
  auto sure = gives(0.99, labels);
  sure[0] = 1, sure[1] = 0;
  const auto weights = fit_blend(Members{sure, gives(0.6, labels)}, labels, 2, std::vector<double>{0.5, 0.5}, 6);
  EXPECT_GT(weights[0], 0.5);
}

}  // namespace
}  // namespace manyshot
