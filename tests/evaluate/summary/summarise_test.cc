#include "evaluate/summary/summarise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/summary/published_results.h"
#include "evaluate/summary/summary_json.h"

namespace manyshot {
namespace {

// Models "ours" and "forest", three tables, 8 and 16 shots, seeds 40 and 41.
Summary empty_summary() {
  Summary summary;
  summary.run = {.protocol = "paper", .shots = {8, 16}, .seeds = {40, 41}, .baseline = "forest", .forest = "forest"};
  summary.models = {{.name = "ours"}, {.name = "forest"}};
  summary.tables = {{.name = "a"}, {.name = "LED_24"}, {.name = "c"}};
  return summary;
}

// Four queries, of which the first `num_correct` are right.
UnitSummary unit(size_t model, size_t table, uint64_t shots, uint64_t seed, int num_correct) {
  UnitSummary unit{.model = model, .table = table, .shots = shots, .seed = seed};
  unit.metrics = {.rows = 4, .accuracy = num_correct / 4.0, .log_loss = 1 - num_correct / 8.0};
  unit.fit_s = 2;
  unit.answers.prompt_tokens = 400;
  unit.reliability = {{.rows = 4, .correct = static_cast<uint64_t>(num_correct), .confidence = 3}};
  for (int query = 0; query < 4; ++query) unit.correct.push_back(query < num_correct);
  return unit;
}

std::vector<UnitSummary> example_units() {
  return {unit(0, 0, 8, 40, 4),  unit(0, 0, 8, 41, 2), unit(0, 0, 16, 40, 2), unit(0, 1, 8, 40, 1),
          unit(0, 1, 16, 40, 3), unit(0, 2, 8, 40, 2), unit(1, 0, 8, 40, 2),  unit(1, 0, 8, 41, 2),
          unit(1, 0, 16, 40, 2), unit(1, 1, 8, 40, 2), unit(1, 1, 16, 40, 3), unit(1, 2, 8, 40, 2)};
}

TEST(Summarise, CellsAverageSeedsAndComparePairwise) {
  Summary summary = empty_summary();
  summary.units = example_units();
  summarise(summary);
  const CellSummary& cell = summary.cells.front();
  EXPECT_EQ(cell.seeds, 2u);
  EXPECT_EQ(cell.mean.rows, 8u);
  EXPECT_DOUBLE_EQ(cell.mean.accuracy, 0.75);
  EXPECT_LT(cell.accuracy_interval.low, 0.5);
  EXPECT_DOUBLE_EQ(cell.difference, 0.25);
  // Queries 3 and 4 are won with one of two seeds.
  const double deviation = std::sqrt(4 * 0.0625 / 3);
  EXPECT_NEAR(cell.difference_interval.high, 0.25 + 1.959964 * deviation / 2, 1e-6);
  EXPECT_TRUE(std::isnan(cell.mean.auc));
}

TEST(Summarise, AveragesWinsRanksAndDistances) {
  Summary summary = empty_summary();
  summary.units = example_units();
  summarise(summary);
  ASSERT_EQ(summary.averages.size(), 4u);
  const AverageSummary& ours = summary.averages[0];
  EXPECT_EQ(ours.tables, 3u);
  const MetricSummary& accuracy = ours.metrics[Metric::kAccuracy];
  EXPECT_DOUBLE_EQ(accuracy.mean, 0.5);
  EXPECT_NEAR(accuracy.difference, 0, 1e-15);
  EXPECT_EQ(accuracy.wins, 1u);
  EXPECT_EQ(accuracy.ties, 1u);
  EXPECT_EQ(accuracy.losses, 1u);
  EXPECT_DOUBLE_EQ(accuracy.average_rank, 1.5);
  EXPECT_NEAR(accuracy.relative_to_forest, 0, 1e-15);
  EXPECT_DOUBLE_EQ(ours.seconds_per_query, 0.5);
  EXPECT_DOUBLE_EQ(ours.tokens_per_query, 100);
  EXPECT_EQ(ours.reliability[0].rows, 16u);
  EXPECT_EQ(ours.reliability[0].correct, 9u);
  // A lower log loss is a win.
  EXPECT_EQ(ours.metrics[Metric::kLogLoss].wins, 1u);
  EXPECT_TRUE(std::isnan(ours.metrics[Metric::kAuc].mean)) << "no table has an AUC";
}

TEST(Summarise, CurvesKeepToTablesThatHaveAllShots) {
  Summary summary = empty_summary();
  summary.units = example_units();
  summarise(summary);
  const CurveSummary& ours = summary.curves[0];
  EXPECT_EQ(ours.tables, 2u);
  EXPECT_DOUBLE_EQ(ours.mean[0], 0.5);
  EXPECT_DOUBLE_EQ(ours.mean[1], 0.625);
  EXPECT_EQ(ours.falling_steps, 0u);
  EXPECT_EQ(ours.table_steps, 2u);
  EXPECT_EQ(ours.table_collapses, 1u);  // table a: 0.75 to 0.5
}

TEST(Summarise, ErrorsAreCountedAndLeftOut) {
  Summary summary = empty_summary();
  std::vector<UnitSummary> units = example_units();
  units[3] = {.model = 0, .table = 1, .shots = 8, .seed = 40, .error = "too many classes"};
  summary.units = units;
  summarise(summary);
  EXPECT_EQ(summary.averages[0].failed_units, 1u);
  EXPECT_EQ(summary.averages[0].tables, 2u);
  EXPECT_DOUBLE_EQ(summary.averages[0].metrics[Metric::kAccuracy].mean, 0.625);
  EXPECT_EQ(summary.averages[2].metrics[Metric::kAccuracy].average_rank,
            1.75);  // the forest, over the two tables that both have
}

TEST(Summarise, AnswersThatAreAllTheMajoritysAreNoResult) {
  Summary summary = empty_summary();
  summary.models[1].name = "majority";
  std::vector<UnitSummary> units = example_units();
  for (UnitSummary& facts : units) {
    facts.contexts = 2;
    if (facts.shots == 8) facts.one_class_contexts = 2;
    if (facts.shots == 16) facts.answers = {.by_id = facts.table == 0 ? 0u : 1u, .by_majority = 4};
  }
  summary.units = units;
  summarise(summary);
  ASSERT_EQ(summary.averages.size(), 4u);
  EXPECT_EQ(summary.averages[0].tables, 0u) << "at 8 shots";
  EXPECT_EQ(summary.averages[0].majority_units, 4u);
  EXPECT_TRUE(std::isnan(summary.averages[0].metrics[Metric::kAccuracy].mean));
  EXPECT_EQ(summary.averages[1].tables, 2u) << "at 16 shots, one table has an answer of the model's own";
  EXPECT_EQ(summary.averages[1].majority_units, 1u);
  EXPECT_EQ(summary.averages[2].tables, 3u) << "the majority itself";
  for (const CellSummary& cell : summary.cells) EXPECT_FALSE(cell.model == 0 && cell.shots == 8);
}

TEST(Summarise, PublishedNumbersStandBesideTablesOfTheSameName) {
  Summary summary = empty_summary();
  summary.run.shots = {16, 512};
  std::vector<UnitSummary> units{unit(0, 1, 512, 40, 3)};
  summary.units = units;
  summarise(summary);
  const std::vector<PublishedComparison> published = compare_with_published(summary);
  ASSERT_EQ(published.size(), 3u);
  EXPECT_EQ(published[0].table, "LED_24");
  EXPECT_EQ(published[0].shots, 512u);
  ASSERT_EQ(published[0].measured.size(), 1u);
  EXPECT_DOUBLE_EQ(published[0].measured[0].accuracy, 0.75);
  ASSERT_EQ(published[0].quoted.size(), 7u);
  EXPECT_EQ(published[0].quoted[1].name, "random forest");
  EXPECT_DOUBLE_EQ(published[0].quoted[1].accuracy, 0.694);
  EXPECT_EQ(published[0].quoted[1].source, "Table 3");
  EXPECT_EQ(published[0].deviations, std::vector<std::string>{"ours has a result for 1 of 2 row seeds at 512 shots"});
  EXPECT_TRUE(published[1].table.empty());
  EXPECT_TRUE(published[1].measured.empty());
}

TEST(Summarise, WhatIsNotThePublishedExperimentIsNamed) {
  Summary summary = empty_summary();
  summary.run.shots = {512};
  summary.run.seeds = {40};
  summary.tables[1].rows = 100;
  summary.tables[1].train_rows = 80;
  summary.tables[1].queries = 20;
  std::vector<UnitSummary> units{unit(0, 1, 512, 40, 3)};
  summary.units = units;
  summarise(summary);
  EXPECT_TRUE(compare_with_published(summary)[0].deviations.empty());
  summary.tables[1].queries = 15;
  summary.run.protocol = "fixed";
  EXPECT_EQ(compare_with_published(summary)[0].deviations,
            (std::vector<std::string>{"protocol \"fixed\" instead of \"paper\"", "only the first 15 of 20 test rows"}));
}

TEST(Summarise, JsonHasNamesAndNulls) {
  Summary summary = empty_summary();
  std::vector<UnitSummary> units = example_units();
  summary.units = units;
  summarise(summary);
  const Json json = to_json(summary);
  EXPECT_EQ(json["cells"][0]["model"], "ours");
  EXPECT_EQ(json["units"].size(), 12u);
  EXPECT_EQ(Json::parse(json.dump())["averages"][0]["metrics"]["auc"]["mean"], nullptr);
  EXPECT_EQ(json["averages"][0]["metrics"]["accuracy"]["wins"], 1);
}

}  // namespace
}  // namespace manyshot
