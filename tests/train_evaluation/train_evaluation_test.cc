// What a training run learns about its weights: the same numbers as an evaluation of these weights gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "evaluate/knowledge/knowledge.h"
#include "evaluate/knowledge/perplexity.h"
#include "support/error.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"
#include "train_evaluation/evaluate_tables.h"
#include "train_evaluation/measure_ability.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

class TrainEvaluation : public ::testing::Test {
 protected:
  TrainEvaluation() {
    std::filesystem::create_directory(folder_ / "model");
    write_tiny_text_model(folder_ / "model");
    recipe_.model.base = folder_ / "model";
    recipe_.seed = 3;
  }
  void add_questions() {
    recipe_.evaluate.knowledge = folder_.write("questions.csv",
                                               "subject,question,A,B,C,D,answer\n"
                                               "care,Where does the nurse work?,a school,a hospital,at sea,a mine,B\n"
                                               "care,Who heals?,a doctor,a baker,a miner,a sailor,A\n"
                                               "sea,Who sails?,a doctor,a baker,a miner,a sailor,D\n"
                                               "sea,Who swims?,a doctor,a baker,a fish,a sailor,C\n");
  }
  TemporaryFolder folder_;
  Recipe recipe_;
};

TEST_F(TrainEvaluation, NothingIsMeasuredWhereNothingIsAsked) {
  EXPECT_FALSE(make_ability_measurement(recipe_, /*is_adapter=*/false));
  EXPECT_FALSE(make_table_evaluation(recipe_, /*is_adapter=*/false, "1"));
  EXPECT_NO_THROW(check_evaluation_files(recipe_));
}

TEST_F(TrainEvaluation, AbilityIsThatOfTheWeightsInTheFolder) {
  add_questions();
  recipe_.evaluate.perplexity = folder_.write("text.txt", "the nurse works in the hospital.\nThe miner works.\n");
  const Json numbers = make_ability_measurement(recipe_, /*is_adapter=*/false)(folder_ / "model");
  const auto model = load_model(folder_ / "model", {});
  const KnowledgeResult knowledge =
      score_knowledge(local_scorer(*model), read_questions(recipe_.evaluate.knowledge), /*num_shots=*/0, 3);
  EXPECT_EQ(numbers["knowledge_questions"], 4);
  EXPECT_EQ(numbers["knowledge_accuracy"], knowledge.all.value());
  EXPECT_EQ(numbers["knowledge_log_loss"], knowledge.log_loss);
  EXPECT_EQ(numbers["perplexity"], measure_perplexity(*model, recipe_.evaluate.perplexity).perplexity());
  EXPECT_GE(numbers["ability_seconds"], 0.0);
}

TEST_F(TrainEvaluation, FewerQuestionsAreSpreadOverTheSubjects) {
  add_questions();
  recipe_.evaluate.knowledge_questions = 2;
  const Json numbers = make_ability_measurement(recipe_, /*is_adapter=*/false)(folder_ / "model");
  EXPECT_EQ(numbers["knowledge_questions"], 2);
  EXPECT_FALSE(numbers.contains("perplexity"));
  // One of each subject, so that the mean over subjects is that over questions.
  EXPECT_EQ(numbers["knowledge_macro_accuracy"], numbers["knowledge_accuracy"]);
}

TEST_F(TrainEvaluation, TablesGiveNumbersForEachNumberOfShots) {
  std::string rows = "a,label\n";
  for (int row = 0; row < 40; ++row) rows += std::to_string(row % 7) + (row % 2 == 0 ? ",x\n" : ",y\n");
  recipe_.evaluate.tables = {folder_.write("table.csv", rows)};
  recipe_.evaluate.shots = {4, 8};
  recipe_.evaluate.queries = 5;
  const auto evaluate = make_table_evaluation(recipe_, /*is_adapter=*/false, "1");
  const Json numbers = evaluate(folder_ / "model");
  const double few = numbers["table_accuracy_4"], many = numbers["table_accuracy_8"];
  EXPECT_DOUBLE_EQ(numbers["table_accuracy"], (few + many) / 2);
  EXPECT_GT(numbers["table_log_loss"], 0.0);
  EXPECT_TRUE(numbers.contains("table_ece"));
  for (const char* name : {"table_forest_accuracy_4", "table_majority_accuracy_8", "table_forest_accuracy"})
    EXPECT_TRUE(numbers.contains(name)) << name;
  EXPECT_EQ(evaluate(folder_ / "model"), numbers) << "baselines are not asked again";
}

TEST_F(TrainEvaluation, FilesThatAreMissingAreNamed) {
  const auto refused = [&](std::string EvaluateRecipe::*member, const std::string& name) {
    Recipe recipe;
    recipe.evaluate.*member = folder_ / name;
    EXPECT_THAT(error_of([&] { check_evaluation_files(recipe); }).what(), HasSubstr(name));
  };
  refused(&EvaluateRecipe::knowledge, "none.csv");
  refused(&EvaluateRecipe::perplexity, "none.txt");
  recipe_.evaluate.tables = {folder_ / "no_tables"};
  EXPECT_THAT(error_of([&] { check_evaluation_files(recipe_); }).what(), HasSubstr("no_tables"));
}

}  // namespace
}  // namespace manyshot::train
