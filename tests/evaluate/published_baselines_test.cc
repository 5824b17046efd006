#include "evaluate/published_baselines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/run_unit.h"

namespace manyshot {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

Table table_of(std::vector<double> numbers, std::vector<int32_t> codes) {
  Table table{.num_rows = numbers.size()};
  table.columns.push_back({.name = "x", .numbers = std::move(numbers)});
  table.columns.push_back(
      {.name = "s", .type = ColumnType::kText, .codes = std::move(codes), .categories = {"c", "a", "b"}});
  return table;
}

// Strings a, b, c become 0, 1, 2 by those of labelled rows and queries; the missing number becomes the median, 2.
//   labelled (0, c=2) -> 0, (4, a=0) -> 1; queries (1, b=1), (missing=2, c=2)
// Distances: sqrt(2), sqrt(10); 2, sqrt(8).
TEST(PublishedBaselines, KnnOnRawFeatures) {
  const LabelledTable shots{.features = table_of({0, 4}, {0, 1}), .labels = {0, 1}, .classes = {"n", "y"}};
  const auto predictor = open_published_baseline("paper-knn", 0)->fit(shots);
  const double near = 1 / std::sqrt(2), far = 1 / std::sqrt(10), second = 1 / std::sqrt(8);
  EXPECT_THAT(predictor->predict(table_of({1, kMissingNumber}, {2, 0})),
              Pointwise(DoubleNear(1e-12),
                        {near / (near + far), far / (near + far), 0.5 / (0.5 + second), second / (0.5 + second)}));
}

// Twenty rows whose class is whether x is above 10.
EvaluationTable rows_of_twenty() {
  EvaluationTable table{.name = "t", .classes = {"n", "y"}};
  std::vector<double> numbers;
  for (int row = 0; row < 20; ++row) {
    numbers.push_back(row);
    table.labels.push_back(row > 10 ? 1 : 0);
    table.file_rows.push_back(row);
  }
  table.features = table_of(numbers, std::vector<int32_t>(20, 0));
  return table;
}

TEST(PublishedBaselines, ForestAndXgboostSeparate) {
  const EvaluationTable table = rows_of_twenty();
  const TaskPlan plan{.columns = {1, 0},
                      .contexts = {{.shots = {0, 2, 4, 6, 8, 9, 12, 14, 16, 17, 18}, .queries = {3, 19}}}};
  for (const EvaluatedModel& model : find_models({"paper-forest", "paper-xgboost"}, {})) {
    const UnitRecord record = run_unit(model, *open_model(model, 0), table, plan, 11, 40);
    ASSERT_EQ(record.error, "");
    EXPECT_THAT(record.rows, ElementsAre(3, 19));
    EXPECT_GT(record.answers[0], 0.5) << model.name;
    EXPECT_GT(record.answers[3], 0.5) << model.name;
  }
}

TEST(RunUnit, OneClassIsAnsweredWithoutTheModel) {
  const EvaluationTable table = rows_of_twenty();
  const TaskPlan plan{.columns = {0, 1}, .contexts = {{.shots = {1, 2, 3}, .queries = {5, 15}}}};
  const EvaluatedModel model = find_models({"forest"}, {}).front();
  const UnitRecord record = run_unit(model, *open_model(model, 0), table, plan, 3, 40);
  EXPECT_THAT(record.answers, ElementsAre(1, 0, 1, 0));
  const UnitFacts facts = unit_facts_from_json(record.facts);
  EXPECT_EQ(facts.contexts, 1u);
  EXPECT_EQ(facts.one_class_contexts, 1u);
}

TEST(RunUnit, PublishedXgboostGivesUpOnClassesItHasNotSeen) {
  EvaluationTable table = rows_of_twenty();
  table.classes.push_back("z");
  table.labels[19] = 2;
  const TaskPlan plan{.columns = {0, 1}, .contexts = {{.shots = {0, 1, 2, 12, 13}, .queries = {15, 19}}}};
  for (const EvaluatedModel& model : find_models({"paper-xgboost", "xgboost"}, {})) {
    const UnitRecord record = run_unit(model, *open_model(model, 0), table, plan, 5, 40);
    if (model.name == "paper-xgboost") {
      EXPECT_THAT(record.answers, ElementsAre(1, 0, 0, 1, 0, 0));
    } else {
      EXPECT_LT(record.answers[0], 1);
    }
    EXPECT_EQ(unit_facts_from_json(record.facts).one_class_contexts, 0u);
  }
}

TEST(RunUnit, ErrorsAreKept) {
  EvaluationTable table = rows_of_twenty();
  table.features = table_of(std::vector<double>(20, 1), std::vector<int32_t>(20, 0));  // nothing varies
  const TaskPlan plan{.columns = {0, 1}, .contexts = {{.shots = {0, 12}, .queries = {5}}}};
  const EvaluatedModel model = find_models({"knn"}, {}).front();
  const UnitRecord record = run_unit(model, *open_model(model, 0), table, plan, 2, 40);
  EXPECT_THAT(record.error, ::testing::HasSubstr("nothing to predict from"));
  EXPECT_TRUE(record.is_permanent);
  EXPECT_TRUE(record.answers.empty());
}

}  // namespace
}  // namespace manyshot
