// The baselines for numbers: what they know, how honest their spread is, and that answers depend on nothing else.
#include "predict/number_baselines.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "core/parallel.h"
#include "encoding/features.h"
#include "predict/ridge.h"
#include "predict/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using testing::numbers;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// y = 3 x0 - 2 x1 + noise, beside a column that says nothing.
NumberedTable line(size_t num_rows, uint64_t seed, double noise = 1, double scale = 1) {
  std::vector<std::vector<double>> columns(3);
  NumberedTable table;
  for (size_t row = 0; row < num_rows; ++row) {
    for (size_t column = 0; column < 3; ++column) columns[column].push_back(Rng(seed).child("x", column).normal(row));
    table.numbers.push_back(scale *
                            (3 * columns[0][row] - 2 * columns[1][row] + noise * Rng(seed).child("noise").normal(row)));
  }
  table.features = numbers(columns);
  return table;
}

struct Found {
  double r2 = 0, coverage = 0;  // coverage: of the intervals from 5 to 95 %
};

Found score(const std::string& name, const NumberedTable& shots, const NumberedTable& test) {
  const Distributions found = open_number_baseline(name, 1)->fit(shots)->predict(test.features);
  double mean = 0, squares = 0, of_mean = 0, inside = 0;
  const auto rows = static_cast<double>(test.numbers.size());
  for (const double number : test.numbers) mean += number / rows;
  for (size_t row = 0; row < test.numbers.size(); ++row) {
    const double truth = test.numbers[row];
    squares += std::pow(truth - mean_of(found.at(row)), 2);
    of_mean += std::pow(truth - mean, 2);
    inside += quantile_of(found.at(row), 0.05) <= truth && truth <= quantile_of(found.at(row), 0.95);
  }
  return {.r2 = 1 - squares / of_mean, .coverage = inside / rows};
}

TEST(NumberBaselines, FindALineAndSayHowSureTheyAre) {
  const NumberedTable shots = line(300, 1), test = line(1000, 2);
  // 13/14 of the variance is there to be found.
  const std::map<std::string, double> least{
      {"mean", -0.02}, {"knn", 0.75}, {"ridge", 0.92}, {"forest", 0.7}, {"xgboost", 0.78}};
  for (const std::string& name : number_baseline_names()) {
    const Found found = score(name, shots, test);
    EXPECT_GT(found.r2, least.at(name)) << name;
    EXPECT_LT(found.r2, name == "mean" ? 0.02 : 0.95) << name;
    EXPECT_GT(found.coverage, 0.86) << name;
    EXPECT_LT(found.coverage, name == "forest" ? 0.99 : 0.94) << name;
  }
}

TEST(NumberBaselines, HonestMeansLeaveTheOwnNumberOut) {
  const NumberedTable shots = line(150, 3);
  for (const std::string& name : number_baseline_names()) {
    const std::vector<double> honest = open_number_baseline(name, 1)->fit(shots)->honest_means();
    ASSERT_EQ(honest.size(), 150u) << name;
    NumberedTable other = shots;
    other.numbers[7] += 5;
    const std::vector<double> changed = open_number_baseline(name, 1)->fit(other)->honest_means();
    // The forest's splits, XGBoost's scale and the penalty follow all numbers, so theirs may move a little.
    EXPECT_NEAR(changed[7], honest[7], name == "mean" || name == "knn" ? 1e-12 : 0.5) << name;
    if (name == "mean" || name == "knn") {
      EXPECT_NE(changed, honest) << name;
    }
  }
}

// The definition: fitted without the row.
TEST(NumberBaselines, RidgeLeavesOutByFormulaWhatItFindsWithoutTheRow) {
  for (const size_t num_rows : {40u, 3u}) {  // by columns, by rows
    const NumberedTable all = line(num_rows, 4);
    FeatureMatrix features{.num_rows = num_rows, .num_features = 3};
    for (size_t row = 0; row < num_rows; ++row) {
      for (const Column& column : all.features.columns) features.values.push_back(column.numbers[row]);
    }
    const RidgeRegressor whole(features, all.numbers);
    // With the same standardisation: ridge on rows scaled by the whole table's deviations.
    std::vector<double> mean(3), deviation(3);
    for (size_t input = 0; input < 3; ++input) {
      const std::vector<double> column = features.column(input);
      for (const double value : column) mean[input] += value / static_cast<double>(num_rows);
      for (const double value : column) deviation[input] += std::pow(value - mean[input], 2);
      deviation[input] = std::sqrt(deviation[input] / static_cast<double>(num_rows));
    }
    // Gradient descent to the minimum of the penalised squares without row 0, intercept free.
    std::vector<double> w(3);
    double intercept = 0;
    for (int step = 0; step < 60'000; ++step) {
      std::vector<double> slope(3);
      double of_intercept = 0;
      for (size_t input = 0; input < 3; ++input) slope[input] = whole.penalty() * w[input];
      for (size_t row = 1; row < num_rows; ++row) {
        double error = intercept - all.numbers[row];
        for (size_t input = 0; input < 3; ++input)
          error += w[input] * (features.at(row, input) - mean[input]) / deviation[input];
        of_intercept += error;
        for (size_t input = 0; input < 3; ++input)
          slope[input] += error * (features.at(row, input) - mean[input]) / deviation[input];
      }
      const double rate = 0.5 / (3.0 * static_cast<double>(num_rows) + whole.penalty());
      for (size_t input = 0; input < 3; ++input) w[input] -= rate * slope[input];
      intercept -= rate * of_intercept;
    }
    double expected = intercept;
    for (size_t input = 0; input < 3; ++input)
      expected += w[input] * (features.at(0, input) - mean[input]) / deviation[input];
    EXPECT_NEAR(whole.honest_means()[0], expected, 1e-3) << num_rows;
  }
}

TEST(NumberBaselines, AnswersDependOnNeitherThreadsNorOtherQueries) {
  const NumberedTable shots = line(120, 5);
  const Table queries = line(37, 6).features;
  for (const std::string& name : number_baseline_names()) {
    set_num_threads(1);
    const auto one = open_number_baseline(name, 1)->fit(shots);
    const Distributions expected = one->predict(queries);
    set_num_threads(5);
    EXPECT_EQ(open_number_baseline(name, 1)->fit(shots)->predict(queries).values, expected.values) << name;
    for (const uint64_t row : {0u, 36u}) {
      const Distributions alone = one->predict(take_rows(queries, std::vector<uint64_t>{row}));
      for (size_t slice = 0; slice < kNumSlices; ++slice)
        EXPECT_EQ(alone.at(0)[slice], expected.at(row)[slice]) << name << " " << row;
    }
    set_num_threads(0);
  }
}

TEST(NumberBaselines, SizesOfNumbersDoNotMatter) {
  for (const double scale : {1e12, 1e-9}) {
    for (const std::string& name : number_baseline_names()) {
      const Found plain = score(name, line(80, 7), line(200, 8));
      const Found scaled = score(name, line(80, 7, 1, scale), line(200, 8, 1, scale));
      EXPECT_NEAR(plain.r2, scaled.r2, 0.02) << name << " " << scale;
      EXPECT_NEAR(plain.coverage, scaled.coverage, 0.03) << name << " " << scale;
    }
  }
}

TEST(NumberBaselines, FewRowsAndConstantNumbers) {
  for (const std::string& name : number_baseline_names()) {
    const NumberedTable two{.features = numbers({{0, 1}}), .numbers = {10, 20}};
    const Distributions found = open_number_baseline(name, 1)->fit(two)->predict(numbers({{0, 1, kNan}}));
    for (const double value : found.values) ASSERT_TRUE(std::isfinite(value)) << name;
    EXPECT_GE(mean_of(found.at(1)), mean_of(found.at(0))) << name;

    NumberedTable constant = line(20, 9);
    constant.numbers.assign(20, 4.5);
    const Distributions same = open_number_baseline(name, 1)->fit(constant)->predict(line(5, 10).features);
    for (const double value : same.values) EXPECT_NEAR(value, 4.5, 1e-6) << name;
  }
}

TEST(NumberBaselines, MissingAndUnknownCellsAreAnswered) {
  NumberedTable shots{.features = testing::tones(60, 1).features};
  for (size_t row = 0; row < 60; ++row) shots.numbers.push_back(shots.features.columns[0].codes[row] % 2 == 1 ? 10 : 0);
  Table queries = take_rows(shots.features, std::vector<uint64_t>{0, 1, 2});
  queries.columns[0].codes[0] = kMissingCode;
  queries.columns[1].numbers[1] = kNan;
  queries.columns[0].categories.emplace_back("never seen");
  queries.columns[0].codes[2] = static_cast<int32_t>(queries.columns[0].categories.size() - 1);
  for (const std::string& name : number_baseline_names()) {
    for (const double value : open_number_baseline(name, 1)->fit(shots)->predict(queries).values)
      ASSERT_TRUE(std::isfinite(value)) << name;
  }
  // Categories that rise and fall: a line through their ranks finds nothing, flags do.
  const Distributions found = open_number_baseline("ridge", 0)->fit(shots)->predict(shots.features);
  double wrong = 0;
  for (size_t row = 0; row < 60; ++row) wrong += std::abs(mean_of(found.at(row)) - shots.numbers[row]) > 2;
  EXPECT_LT(wrong, 4);
}

TEST(NumberBaselines, AModelOfClassesIsRefusedWithTheWayOut) {
  EXPECT_THAT(error_of([] { open_number_method("majority", {}, 0); }).what(), HasSubstr("use auto, mean, knn"));
  EXPECT_NE(open_number_method("auto", {}, 0), nullptr);
}

}  // namespace
}  // namespace manyshot
