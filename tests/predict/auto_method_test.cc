// `--teacher` and `--model auto` behind the Method door.
#include "predict/auto_method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>

#include "core/parallel.h"
#include "predict/task_tables.h"
#include "predict/testing.h"
#include "support/error.h"

namespace manyshot {
namespace {

using testing::clouds;
using ::testing::Contains;
using testing::expect_same_in_groups;
using ::testing::HasSubstr;
using testing::numbers;

MethodOptions taught(Teacher teacher, int ensemble = 2) {
  return {.ensemble = ensemble, .teacher = {.teacher = teacher}};
}

// A table of examples/: its first rows, of train.csv as labelled ones, of test.csv as queries.
LabelledTable obesity(const char* file, uint64_t num_rows) {
  const TaskOptions task{.train = std::string(std::getenv("MANYSHOT_SOURCE_DIR")) + "/examples/obesity/" + file,
                         .target = "NObeyesdad"};
  const LabelledTable all = read_shots(task, open_training_table(task), std::nullopt);
  std::vector<uint64_t> rows(num_rows);
  std::iota(rows.begin(), rows.end(), uint64_t{0});
  return all.at(rows);
}

// Mean of -log p(label) over the rows that have a prediction, a third of them at least.
double log_loss(const std::vector<double>& probabilities, const LabelledTable& table) {
  double sum = 0, rows = 0;
  for (size_t row = 0; row < table.labels.size(); ++row) {
    const double p = probabilities[row * table.num_classes() + static_cast<size_t>(table.labels[row])];
    if (std::isnan(p)) continue;
    sum -= std::log(std::max(1e-3, p));
    ++rows;
  }
  EXPECT_GT(rows * 3, table.labels.size());
  return sum / rows;
}

// They have learned from all rows, of which a member of the model sees but some.
TEST(Teacher, TheModelUsesWhatTheTreesKnow) {
  const LabelledTable shots = obesity("train.csv", 1600), queries = obesity("test.csv", 150);
  const double alone =
      log_loss(open_method("default", {.ensemble = 2})->fit(shots)->predict(queries.features), queries);
  for (const Teacher teacher : {Teacher::kForest, Teacher::kXgboost, Teacher::kBoth}) {
    EXPECT_LT(log_loss(open_method("default", taught(teacher))->fit(shots)->predict(queries.features), queries),
              0.9 * alone);
  }
}

TEST(Teacher, MoreRowsThanTheModelTakesReachItThroughTheTrees) {
  const auto method = open_method("default", taught(Teacher::kForest, 1));
  EXPECT_FALSE(method->max_labelled_rows().has_value());
  const LabelledTable shots = clouds(1500, 2, 2, 1);
  EXPECT_EQ(method->fit(shots)->honest_probabilities().size(), 3000u);
}

TEST(Teacher, BaselinesReadNoPrompt) {
  EXPECT_ERROR(open_method("knn", taught(Teacher::kForest)), ErrorKind::kBadInput,
               "--teacher forest: knn reads no prompt");
}

TEST(Auto, SaysWhatCountsHowMuchAndWeighsByTheLabelledRows) {
  const LabelledTable shots = clouds(60, 2, 2, 1);
  const auto predictor = open_method("auto")->fit(shots);
  EXPECT_THAT(predictor->notes(), Contains(HasSubstr("what counts how much")));
  EXPECT_THAT(predictor->notes(), Contains(HasSubstr("default with forest and xgboost")));
}

TEST(Auto, EnsemblesAreAsLargeAsTheTableIsSmall) {
  const LabelledTable shots = clouds(24, 2, 2, 1);
  const auto predictor = open_method("auto")->fit(shots);
  EXPECT_THAT(predictor->notes(), Contains(HasSubstr("an ensemble of 16 members, for 24 labelled rows of 2 columns")));
  EXPECT_EQ(predictor->predict(shots.features),
            open_method("auto", {.ensemble = 16})->fit(shots)->predict(shots.features));
}

TEST(Auto, AQueryDoesNotDependOnItsNeighboursOrTheThreads) {
  const LabelledTable shots = clouds(80, 3, 1, 3), queries = clouds(30, 3, 1, 4);
  const auto method = open_method("auto", {.ensemble = 4});
  set_num_threads(1);
  const auto reference = method->fit(shots)->predict(queries.features);
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    const auto predictor = method->fit(shots);
    EXPECT_EQ(predictor->predict(queries.features), reference);
    expect_same_in_groups(*predictor, queries.features, reference, {{29, 7}});
  }
  set_num_threads(0);
}

TEST(Auto, HonestProbabilitiesTellNoiseFromSignal) {
  LabelledTable shots = clouds(200, 2, 2.5, 5);
  EXPECT_LT(log_loss(open_method("auto", {.ensemble = 4})->fit(shots)->honest_probabilities(), shots), 0.4);
  for (size_t row = 0; row < 200; ++row) shots.labels[row] = Rng(6).bernoulli(row, 0.5) ? 1 : 0;
  EXPECT_NEAR(log_loss(open_method("auto", {.ensemble = 4})->fit(shots)->honest_probabilities(), shots), std::log(2),
              0.1);
}

TEST(Auto, BeyondTheModelsClassesItDecidesAmongGroups) {
  LabelledTable shots = clouds(130, 3, 0, 7);
  shots.classes.clear();
  for (int k = 0; k < 13; ++k) shots.classes.push_back(std::string(1, static_cast<char>('a' + k)));
  for (size_t row = 0; row < 130; ++row) {
    shots.labels[row] = static_cast<int32_t>(row % 13);
    shots.features.columns[0].numbers[row] =
        static_cast<double>(row % 13) + 0.1 * shots.features.columns[0].numbers[row];
  }
  const auto predictor = open_method("auto")->fit(shots);
  EXPECT_THAT(predictor->notes(),
              Contains(HasSubstr("13 classes, the model tells 10 apart at a time: it decides among 2 groups of them")));
  EXPECT_THAT(predictor->notes(), Contains(HasSubstr("hidden: default ")));
  const auto probabilities = predictor->predict(shots.features);
  EXPECT_LT(log_loss(probabilities, shots), 1);
  for (size_t row = 0; row < 130; ++row) {
    double sum = 0;
    for (size_t k = 0; k < 13; ++k) sum += probabilities[row * 13 + k];
    ASSERT_NEAR(sum, 1, 1e-9);
  }
}

TEST(Auto, FewRowsRareClassesAndClassesWithoutRows) {
  LabelledTable shots{.features = numbers({{1, 2, 3, 4, 5, 6, 7, 8}, {3, 1, 4, 1, 5, 9, 2, 6}}),
                      .labels = {0, 0, 0, 0, 0, 0, 0, 1},
                      .classes = {"a", "b", "never"}};
  for (const std::vector<uint64_t>& rows : {std::vector<uint64_t>{0, 7}, {0, 1, 2, 3, 4, 5, 6, 7}}) {
    const auto probabilities = open_method("auto")->fit(shots.at(rows))->predict(shots.features);
    for (size_t row = 0; row < 8; ++row) {
      EXPECT_NEAR(probabilities[3 * row] + probabilities[3 * row + 1], 1, 1e-9);
      EXPECT_EQ(probabilities[3 * row + 2], 0);
    }
  }
}

TEST(Auto, DecidesAboutTeachersItself) {
  EXPECT_ERROR(open_method("auto", taught(Teacher::kBoth)), ErrorKind::kBadInput, "leave --teacher out");
}

}  // namespace
}  // namespace manyshot
