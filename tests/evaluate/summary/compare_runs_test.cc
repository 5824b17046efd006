// Two evaluations set beside each other.
#include "evaluate/summary/compare_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/summary/summarise.h"
#include "evaluate/summary/summarise_numbers.h"
#include "support/error.h"

namespace manyshot {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

UnitSummary unit(size_t model, size_t table, std::vector<uint8_t> correct) {
  UnitSummary unit{.model = model, .table = table, .shots = 8, .seed = 40};
  double right = 0;
  for (const uint8_t bit : correct) right += bit;
  unit.metrics = {
      .rows = correct.size(), .accuracy = right / static_cast<double>(correct.size()), .log_loss = 1 - right / 10};
  unit.correct = std::move(correct);
  return unit;
}

// Tables "a" and "b", models "forest" and `model`.
Summary run(const std::string& model, std::vector<UnitSummary> units) {
  Summary summary;
  summary.run = {.options = Json::object(), .protocol = "paper", .shots = {8}, .seeds = {40}, .baseline = "forest"};
  summary.models = {{.name = "forest"}, {.name = model}};
  summary.tables = {{.name = "a", .target = "y", .hash = "1"}, {.name = "b", .target = "y", .hash = "2"}};
  summary.units = std::move(units);
  summarise(summary);
  return summary;
}

Summary before() {
  return run("old", {unit(0, 0, {1, 0, 0, 0}), unit(0, 1, {1, 1}), unit(1, 0, {1, 0, 0, 0}), unit(1, 1, {1, 1})});
}
Summary after() {
  return run("new", {unit(0, 0, {1, 0, 0, 0}), unit(0, 1, {1, 1}), unit(1, 0, {1, 1, 1, 0}), unit(1, 1, {0, 1})});
}

TEST(CompareRuns, PairsTablesQueryByQuery) {
  const RunComparison comparison = compare_runs(before(), after(), "A", "B");
  ASSERT_EQ(comparison.models.size(), 2u);
  const ComparedModels& models = comparison.models.front();
  EXPECT_EQ(models.first + " " + models.second, "old new") << "what is left beside models of one name";
  ASSERT_EQ(models.shots.size(), 1u);
  const ComparedShots& shots = models.shots.front();
  ASSERT_EQ(shots.tables.size(), 2u);
  const PairedValue& accuracy = shots.tables[0].accuracy;
  EXPECT_DOUBLE_EQ(accuracy.first, 0.25);
  EXPECT_DOUBLE_EQ(accuracy.second, 0.75);
  EXPECT_DOUBLE_EQ(accuracy.difference, 0.5);
  const double half = 1.959964 * std::sqrt(4 * 0.25 / 3) / 2;  // of the differences 0, 1, 1, 0
  EXPECT_NEAR(accuracy.interval.low, 0.5 - half, 1e-6);
  EXPECT_NEAR(accuracy.interval.high, 0.5 + half, 1e-6);
  EXPECT_DOUBLE_EQ(shots.tables[1].accuracy.difference, -0.5);
  EXPECT_DOUBLE_EQ(shots.metrics[Metric::kAccuracy].difference, 0);
  EXPECT_NEAR(shots.metrics[Metric::kLogLoss].difference, -0.05, 1e-12);
  EXPECT_LE(shots.metrics[Metric::kAccuracy].interval.low, -0.5);
  EXPECT_EQ(shots.wins + 10 * shots.losses, 11u);
  EXPECT_THAT(comparison.notes, ElementsAre("forest is right about the same rows in both runs"));
}

TEST(CompareRuns, WhatOneRunLacksIsLeftOutAndSaid) {
  Summary second = after();
  second.tables[1].hash = "changed";
  second.units[2] = unit(1, 0, {1, 1});  // the first two queries alone
  const RunComparison comparison = compare_runs(before(), second, "A", "B");
  const ComparedShots& shots = comparison.models.front().shots.front();
  ASSERT_EQ(shots.tables.size(), 1u);
  EXPECT_EQ(shots.tables[0].queries, 2u);
  EXPECT_DOUBLE_EQ(shots.tables[0].accuracy.first, 0.5);
  EXPECT_TRUE(std::isnan(shots.metrics[Metric::kLogLoss].difference)) << "of other queries";
  EXPECT_THAT(comparison.notes, Contains("1 table of A left out: the other run lacks it"));
}

TEST(CompareRuns, BaselinesOfOneRunDoNotHideWhichModelsBelongTogether) {
  Summary first = before(), second = after();
  first.models[0].name = "knn";
  first.models[1].path = "runs/old";
  second.models[1].path = "runs/new";
  const RunComparison comparison = compare_runs(first, second, "A", "B");
  ASSERT_EQ(comparison.models.size(), 1u);
  EXPECT_EQ(comparison.models.front().second, "new");
  EXPECT_THAT(comparison.notes, ElementsAre("knn is in A alone", "forest is in B alone"));
}

TEST(CompareRuns, WhatCannotBeComparedIsRefused) {
  Summary other = after();
  other.run.protocol = "fixed";
  EXPECT_ERROR(compare_runs(before(), other, "A", "B"), ErrorKind::kBadInput, "not comparable");
  other = after();
  other.tables[0].hash = other.tables[1].hash = "changed";
  EXPECT_ERROR(compare_runs(before(), other, "A", "B"), ErrorKind::kBadInput, "share no table");
  other = after();
  for (UnitSummary& unit : other.units) unit.correct.clear();  // as older versions wrote it
  EXPECT_ERROR(compare_runs(before(), other, "A", "B"), ErrorKind::kBadInput, "older version");
  other = after();
  other.models = {{.name = "x"}, {.name = "y"}};
  EXPECT_ERROR(compare_runs(before(), other, "A", "B"), ErrorKind::kBadInput, "share no model by name");
}

// A run of tables "p" and "q" with a number, and the R2 of a model on them.
Summary number_run(const std::string& model, double on_p, double on_q) {
  Summary summary;
  summary.run = {.options = Json::object(), .protocol = "paper", .shots = {8}, .seeds = {40, 41}, .baseline = "forest"};
  summary.models = {{.name = model}};
  summary.number_tables = {{.name = "p", .target = "y", .hash = "3"}, {.name = "q", .target = "y", .hash = "4"}};
  for (const uint64_t seed : summary.run.seeds) {
    for (size_t table = 0; table < 2; ++table) {
      NumberUnitSummary unit{.model = 0, .table = table, .shots = 8, .seed = seed};
      unit.metrics.rows = 10;
      unit.metrics.r2 = (table == 0 ? on_p : on_q) + (seed == 40 ? 0.1 : -0.1);
      unit.metrics.relative_mae = 1 - unit.metrics.r2 / 2;
      summary.number_units.push_back(unit);
    }
  }
  summarise_numbers(summary);
  return summary;
}

TEST(CompareRuns, NumbersArePairedByTable) {
  const RunComparison comparison = compare_runs(number_run("old", 0.2, 0.5), number_run("new", 0.4, 0.4), "A", "B");
  ASSERT_EQ(comparison.models.size(), 1u);
  EXPECT_TRUE(comparison.models[0].shots.empty());
  ASSERT_EQ(comparison.models[0].number_shots.size(), 1u);
  const ComparedNumberShots& shots = comparison.models[0].number_shots[0];
  ASSERT_EQ(shots.tables.size(), 2u);
  EXPECT_EQ(shots.tables[0].seeds, 2u);
  EXPECT_NEAR(shots.tables[0].metrics[0].first, 0.2, 1e-12);
  EXPECT_NEAR(shots.tables[0].metrics[0].difference, 0.2, 1e-12);
  EXPECT_NEAR(shots.metrics[0].difference, 0.05, 1e-12);
  EXPECT_NEAR(shots.metrics[2].difference, -0.025, 1e-12) << "relative MAE";
  EXPECT_NEAR(shots.metrics[0].interval.low, -0.1, 1e-12);
  EXPECT_NEAR(shots.metrics[0].interval.high, 0.2, 1e-12);
  EXPECT_EQ(shots.better + 10 * shots.worse + 100 * shots.equal, 11u);
  const Json json = to_json(comparison);
  EXPECT_NEAR(json["models"][0]["number_shots"][0]["metrics"]["r2"]["second"].get<double>(), 0.4, 1e-12);
  EXPECT_THAT(compare_runs(number_run("m", 0.2, 0.5), number_run("m", 0.2, 0.5), "A", "B").notes,
              ElementsAre("m is as wrong about the same rows in both runs"));
  Summary other = number_run("new", 0.4, 0.4);
  other.number_tables[0].hash = other.number_tables[1].hash = "changed";
  EXPECT_ERROR(compare_runs(number_run("old", 0.2, 0.5), other, "A", "B"), ErrorKind::kBadInput, "share no table");
}

TEST(CompareRuns, JsonHasEveryTable) {
  const Json json = to_json(compare_runs(before(), after(), "A", "B"));
  EXPECT_EQ(json["models"][0]["shots"][0]["tables"][0]["accuracy"]["difference"], 0.5);
  EXPECT_NEAR(json["models"][0]["shots"][0]["metrics"]["log_loss"]["second"].get<double>(), 0.8, 1e-12);
}

}  // namespace
}  // namespace manyshot
