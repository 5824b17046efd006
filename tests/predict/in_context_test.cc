// In-context prediction with the bundled model: it learns from its context, and a query's answer depends on nothing
// else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "model/model.h"
#include "predict/model_store.h"
#include "predict/predictor.h"
#include "predict/prompt_plan.h"
#include "predict/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using testing::expect_same_in_groups;
using ::testing::HasSubstr;

// Rows of `num_classes` classes; a row's first column tells its class, the others are noise.
LabelledTable task(size_t num_rows, size_t num_features, size_t num_classes, uint64_t seed) {
  const Rng rng(seed);
  LabelledTable shots{.features = {.num_rows = num_rows}};
  for (size_t k = 0; k < num_classes; ++k) shots.classes.push_back("c" + std::to_string(k));
  for (size_t row = 0; row < num_rows; ++row)
    shots.labels.push_back(static_cast<int32_t>(rng.child("label").below(row, num_classes)));
  for (size_t feature = 0; feature < num_features; ++feature) {
    Column column{.name = "x" + std::to_string(feature)};
    for (size_t row = 0; row < num_rows; ++row) {
      column.numbers.push_back(rng.child("x", feature).normal(row) + (feature == 0 ? 4.0 * shots.labels[row] : 0));
    }
    shots.features.columns.push_back(std::move(column));
  }
  return shots;
}

double accuracy(const std::vector<double>& probabilities, const std::vector<int32_t>& labels, size_t num_classes) {
  size_t correct = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const double* begin = probabilities.data() + row * num_classes;
    correct += std::max_element(begin, begin + num_classes) - begin == labels[row];
  }
  return static_cast<double>(correct) / static_cast<double>(labels.size());
}

TEST(InContext, LearnsFromTheContext) {
  const LabelledTable shots = task(200, 4, 3, 1), queries = task(300, 4, 3, 2);
  const auto method = open_method("default");
  EXPECT_GT(accuracy(method->fit(shots)->predict(queries.features), queries.labels, 3), 0.9);
  LabelledTable shuffled = shots;
  const auto order = Rng(9).permutation(200);
  for (size_t row = 0; row < 200; ++row) shuffled.labels[row] = shots.labels[order[row]];
  EXPECT_LT(accuracy(method->fit(shuffled)->predict(queries.features), queries.labels, 3), 0.6) << "labels must matter";
}

TEST(InContext, ReadsColumnsWithHeavyTails) {
  LabelledTable shots = task(200, 3, 3, 1), queries = task(300, 3, 3, 2);
  for (Table* table : {&shots.features, &queries.features}) {
    for (double& x : table->columns[0].numbers)
      x = std::exp(3 * x);  // 16 orders of magnitude: one z-score for most rows
  }
  const auto method = open_method("default");
  EXPECT_GT(accuracy(method->fit(shots)->predict(queries.features), queries.labels, 3), 0.9);
}

TEST(InContext, AQueryDoesNotDependOnItsNeighboursOrTheThreads) {
  const LabelledTable shots = task(120, 6, 4, 3), queries = task(150, 6, 4, 4);
  const auto method = open_method("default", {.ensemble = 3});
  set_num_threads(1);
  const auto reference = method->fit(shots)->predict(queries.features);
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    const auto predictor = method->fit(shots);
    EXPECT_EQ(predictor->predict(queries.features), reference);
    expect_same_in_groups(*predictor, queries.features, reference, {{73}, {149, 73, 0}, {5, 6, 7, 73, 8}});
  }
  set_num_threads(0);
}

TEST(InContext, ProbabilitiesSumToOneAndAbsentClassesGetZero) {
  LabelledTable shots = task(50, 3, 3, 5);
  shots.classes.push_back("never");
  for (const Calibrate calibrate : {Calibrate::kContext, Calibrate::kNone}) {
    const auto probabilities =
        open_method("default", {.ensemble = 2, .calibrate = calibrate})->fit(shots)->predict(shots.features);
    for (size_t row = 0; row < 50; ++row) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k) sum += probabilities[row * 4 + k];
      EXPECT_NEAR(sum, 1, 1e-9);
      EXPECT_EQ(probabilities[row * 4 + 3], 0);
    }
  }
}

TEST(InContext, WideAndLongTablesUseSubsetsAndSaySo) {
  const auto method = open_method("default", {.ensemble = 2});
  const auto wide = method->fit(task(40, 70, 2, 6));
  ASSERT_EQ(wide->notes().size(), 1u);
  const int at_a_time = load_model(resolve_model("default"))->info().trained_features;
  EXPECT_THAT(wide->notes()[0], HasSubstr(fmt::format("70 columns, the model takes {} at a time", at_a_time)));
  // Half of them are seen by both members.
  EXPECT_THAT(wide->notes()[0],
              HasSubstr(fmt::format("{} columns in all; a larger --ensemble uses more", at_a_time / 2 * 3)));
  const auto limit = method->max_labelled_rows();
  ASSERT_TRUE(limit.has_value());
  const auto rows = task(*limit, 2, 2, 7);
  const auto fitted = method->fit(rows);
  ASSERT_EQ(fitted->notes().size(), 1u);
  EXPECT_THAT(fitted->notes()[0], HasSubstr("each of the 2 ensemble members sees its own stratified subset"));
}

TEST(InContext, MoreClassesThanTheModelKnowsAreDecidedInSteps) {
  const LabelledTable shots = task(100, 2, 11, 8);
  const auto predictor = open_method("default", {.ensemble = 1})->fit(shots);
  EXPECT_THAT(predictor->notes(), Contains(HasSubstr("11 classes, the model tells 10 apart at a time")));
  const std::vector<double> found = predictor->predict(shots.features);
  ASSERT_EQ(found.size(), 100u * 11u);
  for (size_t row = 0; row < 100; ++row) {
    const auto first = found.begin() + static_cast<ptrdiff_t>(row * 11);
    EXPECT_NEAR(std::accumulate(first, first + 11, 0.0), 1, 1e-9);
  }
  EXPECT_EQ(predictor->honest_probabilities().size(), found.size());
}

TEST(InContext, EnsemblesAreAsLargeAsTheTableIsSmall) {
  const PromptPlan plan = plan_prompts(load_model(resolve_model("default"))->info(), {}, 0);
  EXPECT_EQ(plan.members_for(8, 2), 16);
  EXPECT_EQ(plan.members_for(512, 8), 16);
  EXPECT_EQ(plan.members_for(512, 12), 10);
  EXPECT_EQ(plan.members_for(512, 20), 8);
  EXPECT_EQ(plan.members_for(8'064, 5), plan.members_for(1008, 5)) << "a member sees no more of them";
  EXPECT_EQ(plan.members_for(10'000, 20), 10) << "so that each row is read by one";
  EXPECT_EQ(plan.members_for(100'000, 20), 16);
  EXPECT_EQ(plan.number_members_for(8), 8);
  EXPECT_EQ(plan.number_members_for(10'000), 10);
  EXPECT_EQ(plan.number_members_for(100'000), 16);
  EXPECT_EQ(plan.max_labelled_rows(), 16u * 1008);
  const PromptPlan three = plan_prompts(plan.model, {.ensemble = 3}, 0);
  EXPECT_EQ(three.members_for(8, 2), 3);
  EXPECT_EQ(three.members_for(100'000, 2), 3);
  EXPECT_EQ(three.number_members_for(100'000), 3);
  EXPECT_EQ(three.max_labelled_rows(), 3u * 1008);
  const LabelledTable shots = task(20, 3, 2, 6);
  const auto chosen = open_method("default")->fit(shots);
  EXPECT_THAT(chosen->notes(), Contains(HasSubstr("an ensemble of 16 members, for 20 labelled rows of 3 columns")));
  EXPECT_EQ(chosen->predict(shots.features),
            open_method("default", {.ensemble = 16})->fit(shots)->predict(shots.features));
}

TEST(InContext, EnsembleSizeIsChecked) {
  EXPECT_THROW(open_method("default", {.ensemble = 0}), Error);
  EXPECT_THROW(open_method("default", {.ensemble = 257}), Error);
}

}  // namespace
}  // namespace manyshot
