#include "predict/number_blend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/rng.h"

namespace manyshot {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> draw(const char* name, size_t count, double deviation) {
  const Rng rng = Rng(1).child(name);
  std::vector<double> values;
  for (size_t i = 0; i < count; ++i) values.push_back(deviation * rng.normal(i));
  return values;
}

// Members whose errors are normal and independent, with these deviations.
std::vector<std::vector<double>> members(const std::vector<double>& numbers, const std::vector<double>& deviations) {
  std::vector<std::vector<double>> result;
  for (size_t m = 0; m < deviations.size(); ++m) {
    std::vector<double> errors = draw(("member" + std::to_string(m)).c_str(), numbers.size(), deviations[m]);
    for (size_t row = 0; row < numbers.size(); ++row) errors[row] += numbers[row];
    result.push_back(errors);
  }
  return result;
}

TEST(NumberBlend, WithoutRowsOrErrorsTheWeightsAreEqual) {
  EXPECT_THAT(fit_number_blend(std::vector<std::vector<double>>(2), {}, 10), ElementsAre(0.5, 0.5));
  const std::vector<double> numbers{1, 2, 3};
  EXPECT_THAT(fit_number_blend(std::vector{numbers, numbers}, numbers, 10), ElementsAre(0.5, 0.5));
}

// Of independent errors the best weights are as 1 / variance.
TEST(NumberBlend, ManyRowsGiveTheWeightsOfLeastSquares) {
  const std::vector<double> numbers = draw("numbers", 20'000, 1);
  EXPECT_THAT(fit_number_blend(members(numbers, {1, 1, std::sqrt(2.0)}), numbers, 10),
              ElementsAre(DoubleNear(0.4, 0.02), DoubleNear(0.4, 0.02), DoubleNear(0.2, 0.02)));
}

TEST(NumberBlend, AMemberThatOnlyHarmsGetsNothing) {
  const std::vector<double> numbers = draw("numbers", 2'000, 1);
  std::vector<std::vector<double>> predictions = members(numbers, {0.1, 0.1});
  for (double& value : predictions[1]) value += 100;
  EXPECT_THAT(fit_number_blend(predictions, numbers, 10), ElementsAre(DoubleNear(1, 0.01), DoubleNear(0, 0.01)));
}

TEST(NumberBlend, FewRowsLeaveTheWeightsNearEqual) {
  const std::vector<double> numbers = draw("numbers", 2'000, 1);
  const auto weight_of_the_better = [&](size_t rows) {
    const std::vector<double> some(numbers.begin(), numbers.begin() + static_cast<ptrdiff_t>(rows));
    return fit_number_blend(members(some, {0.5, 1.0}), some, 10)[0];
  };
  EXPECT_LT(weight_of_the_better(4), 0.65);
  EXPECT_GT(weight_of_the_better(2'000), 0.75);
}

TEST(NumberBlend, RowsThatAMemberDidNotPredictAreLeftOut) {
  const std::vector<double> numbers = draw("numbers", 50, 1);
  std::vector<std::vector<double>> predictions = members(numbers, {0.3, 0.6});
  const std::vector<double> some(numbers.begin(), numbers.begin() + 40);
  const std::vector<double> expected =
      fit_number_blend(std::vector<std::vector<double>>{{predictions[0].begin(), predictions[0].begin() + 40},
                                                        {predictions[1].begin(), predictions[1].begin() + 40}},
                       some, 10);
  for (size_t row = 40; row < 50; ++row) predictions[row % 2][row] = kNan;
  EXPECT_EQ(fit_number_blend(predictions, numbers, 10), expected);
}

// Says `offset` more than the first feature, for sure or not.
class Offset : public NumberMethod {
 public:
  Offset(double offset, double half_width) : offset_(offset), half_width_(half_width) {}
  std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const override {
    class Predictor : public NumberPredictor {
     public:
      Predictor(const Offset& method, const NumberedTable& shots) : method_(method) {
        for (const double number : shots.numbers) honest_.push_back(number + method.offset_);
      }
      Distributions predict(const Table& queries) const override {
        Distributions result;
        for (size_t query = 0; query < queries.num_rows; ++query) {
          for (size_t slice = 0; slice < kNumSlices; ++slice) {
            const double place = (static_cast<double>(slice) + 0.5) / kNumSlices;
            result.values.push_back(method_.offset_ + method_.half_width_ * (2 * place - 1));
          }
        }
        return result;
      }
      std::vector<double> honest_means() const override { return honest_; }

     private:
      Offset method_;
      std::vector<double> honest_;
    };
    return std::make_unique<Predictor>(*this, shots);
  }

 private:
  double offset_, half_width_;
};

TEST(NumberBlend, QuantilesAreAveraged) {
  std::vector<BlendedNumberMethod::Member> both;
  both.push_back({"low", std::make_unique<Offset>(-1, 2)});
  both.push_back({"high", std::make_unique<Offset>(1, 4)});
  const BlendedNumberMethod method(std::move(both));
  const NumberedTable shots{.features = {}, .numbers = {1, 2, 4, 8}};
  const auto predictor = method.fit(shots);
  const Distributions answer = predictor->predict({.num_rows = 1});
  EXPECT_NEAR(mean_of(answer.at(0)), 0, 1e-9) << "errors of opposite sign: half of each";
  EXPECT_NEAR(quantile_of(answer.at(0), 0.95) - quantile_of(answer.at(0), 0.05), 0.9 * 6, 1e-6)
      << "as wide as the average of both, however far apart they are";
  EXPECT_EQ(predictor->honest_means().size(), 4u);
  EXPECT_NEAR(predictor->honest_means()[2], 4, 1e-9);
  EXPECT_THAT(predictor->notes().back(), HasSubstr("low 50 %"));
}

}  // namespace
}  // namespace manyshot
