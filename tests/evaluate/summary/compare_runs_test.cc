// Two evaluations set beside each other.
#include "evaluate/summary/compare_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/summary/summarise.h"
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

TEST(CompareRuns, JsonHasEveryTable) {
  const Json json = to_json(compare_runs(before(), after(), "A", "B"));
  EXPECT_EQ(json["models"][0]["shots"][0]["tables"][0]["accuracy"]["difference"], 0.5);
  EXPECT_NEAR(json["models"][0]["shots"][0]["metrics"]["log_loss"]["second"].get<double>(), 0.8, 1e-12);
}

}  // namespace
}  // namespace manyshot
