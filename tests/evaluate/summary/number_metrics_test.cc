// Metrics of predicted numbers, and their averages over tables.
#include "evaluate/summary/number_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/rng.h"
#include "evaluate/summary/summarise_numbers.h"

namespace manyshot {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Even from `low` to `high`.
void add_even(Distributions& distributions, double low, double high) {
  for (size_t i = 0; i < kNumSlices; ++i)
    distributions.values.push_back(low + (high - low) * (static_cast<double>(i) + 0.5) / kNumSlices);
}

TEST(NumberMetrics, OfKnownRows) {
  Distributions found;
  add_even(found, 0, 10);
  add_even(found, 0, 10);
  add_even(found, 0, 10);
  NumberMetricsAccumulator accumulator(0.01);
  accumulator.add(found, std::vector<double>{5, 5, 5}, std::vector<double>{3, 9.8, kNan});
  const NumberMetrics metrics = accumulator.result();
  EXPECT_EQ(metrics.rows, 2u);
  EXPECT_NEAR(metrics.rmse, std::sqrt((4 + 4.8 * 4.8) / 2), 1e-12);
  EXPECT_NEAR(metrics.mae, 3.4, 1e-12);
  EXPECT_NEAR(metrics.r2, 1 - (4 + 4.8 * 4.8) / (2 * 3.4 * 3.4), 1e-12);
  EXPECT_NEAR(metrics.coverage_90, 0.5, 1e-12);  // .5 to 9.5
  EXPECT_NEAR(metrics.coverage_50, 0.5, 1e-12);  // 2.5 to 7.5
  EXPECT_NEAR(metrics.log_score, std::log(0.1), 1e-6);
  // Of the even distribution: (y^2 + (10 - y)^2) / 20 - 10/6.
  EXPECT_NEAR(metrics.crps, ((9 + 49) / 20.0 + (9.8 * 9.8 + 0.2 * 0.2) / 20) / 2 - 10.0 / 6, 1e-3);
  EXPECT_NEAR(metrics.pinball,
              ((0.05 * 2.5 + 0.25 * 0.5 + 0.5 * 2 + 0.25 * 4.5 + 0.05 * 6.5) +
               (0.05 * 9.3 + 0.25 * 7.3 + 0.5 * 4.8 + 0.75 * 2.3 + 0.95 * 0.3)) /
                  10,
              1e-6);
}

TEST(NumberMetrics, BatchesAddUp) {
  Distributions all;
  std::vector<double> points, truth;
  for (size_t row = 0; row < 40; ++row) {
    add_even(all, Rng(1).normal(row), Rng(1).normal(row) + 3);
    points.push_back(Rng(2).normal(row));
    truth.push_back(1e6 + Rng(3).normal(row));
  }
  NumberMetricsAccumulator whole(0.1), parts(0.1);
  whole.add(all, points, truth);
  for (size_t first = 0; first < 40; first += 13) {
    const size_t count = std::min<size_t>(13, 40 - first);
    const auto begin = all.values.begin() + static_cast<ptrdiff_t>(first * kNumSlices);
    parts.add({.values = {begin, begin + static_cast<ptrdiff_t>(count * kNumSlices)}},
              std::span(points).subspan(first, count), std::span(truth).subspan(first, count));
  }
  EXPECT_EQ(whole.result().crps, parts.result().crps);
  EXPECT_EQ(whole.result().r2, parts.result().r2);
  EXPECT_EQ(whole.shares(), parts.shares());
}

TEST(NumberMetrics, RowsAreEvenOverTheSharesWhereDistributionsAreRight) {
  NumberMetricsAccumulator accumulator(0.1);
  for (size_t row = 0; row < 20'000; ++row) {
    Distributions found;
    add_even(found, 0, 1);
    accumulator.add(found, std::vector<double>{0.5}, std::vector<double>{Rng(4).uniform(row)});
  }
  for (const uint64_t rows : accumulator.shares()) EXPECT_NEAR(static_cast<double>(rows), 1000, 150);
  EXPECT_NEAR(accumulator.result().coverage_90, 0.9, 0.01);
  EXPECT_NEAR(accumulator.result().coverage_50, 0.5, 0.02);
}

TEST(NumberMetrics, ConstantTruthHasNoR2AndNoRowsNothing) {
  NumberMetricsAccumulator accumulator(0);
  EXPECT_EQ(accumulator.result().rows, 0u);
  Distributions found;
  add_even(found, 0, 1);
  accumulator.add(found, std::vector<double>{0.5}, std::vector<double>{2});
  EXPECT_TRUE(std::isnan(accumulator.result().r2));
  EXPECT_TRUE(std::isnan(accumulator.result().log_score));
}

TEST(SummariseNumbers, MeansOverSeedsThenTables) {
  Summary summary;
  summary.models.resize(2);
  summary.number_tables.resize(2);
  const auto add = [&](size_t model, size_t table, uint64_t seed, double r2, double crps) {
    NumberUnitSummary unit{.model = model, .table = table, .shots = 8, .seed = seed};
    unit.metrics.r2 = r2;
    unit.metrics.crps = crps;
    summary.number_units.push_back(unit);
  };
  add(0, 0, 1, 0.5, 1);
  add(0, 0, 2, 0.7, 3);
  add(0, 1, 1, -40, 9);  // counts as -1
  add(1, 0, 1, 0.2, 3);
  summary.number_units.push_back({.model = 1, .table = 1, .shots = 8, .seed = 1, .error = "no"});
  summarise_numbers(summary);
  ASSERT_EQ(summary.number_averages.size(), 2u);
  EXPECT_EQ(summary.number_averages[0].tables, 2u);
  EXPECT_NEAR(summary.number_averages[0].r2, (0.6 - 1) / 2, 1e-12);
  EXPECT_EQ(summary.number_averages[0].wins, 2u);  // CRPS 2 against 3, and alone
  EXPECT_EQ(summary.number_averages[1].tables, 1u);
  EXPECT_EQ(summary.number_averages[1].failed_units, 1u);
  EXPECT_NEAR(summary.number_averages[1].r2, 0.2, 1e-12);
  EXPECT_EQ(summary.number_averages[1].wins, 0u);
  EXPECT_TRUE(std::isnan(summary.number_averages[1].against_baseline[0].difference)) << "without a baseline";
}

TEST(SummariseNumbers, DifferencesFromTheBaselineArePairedByTable) {
  Summary summary;
  summary.run.baseline = "ridge";
  summary.models = {{.name = "ours"}, {.name = "ridge"}};
  summary.number_tables.resize(3);
  const auto add = [&](size_t model, size_t table, double r2, double mae) {
    NumberUnitSummary unit{.model = model, .table = table, .shots = 8, .seed = 1};
    unit.metrics.r2 = r2;
    unit.metrics.relative_mae = mae;
    summary.number_units.push_back(unit);
  };
  add(0, 0, 0.5, 0.7);
  add(0, 1, 0.1, 0.9);
  add(0, 2, 0.9, 0.1);  // the baseline lacks it
  add(1, 0, 0.2, 0.8);
  add(1, 1, 0.1, 0.8);
  summarise_numbers(summary);
  const auto& [r2, rmse, mae, crps] = summary.number_averages[0].against_baseline;
  EXPECT_NEAR(r2.difference, 0.15, 1e-12);
  EXPECT_NEAR(r2.interval.low, 0, 1e-12);
  EXPECT_NEAR(r2.interval.high, 0.3, 1e-12);
  EXPECT_EQ(r2.better + 10 * r2.equal + 100 * r2.worse, 11u);
  EXPECT_NEAR(mae.difference, 0, 1e-12);
  EXPECT_EQ(mae.better + 10 * mae.equal + 100 * mae.worse, 101u) << "less is better";
  EXPECT_TRUE(std::isnan(crps.difference)) << "nobody has it";
  EXPECT_EQ(rmse.better, 1u);
}

}  // namespace
}  // namespace manyshot
