// Runs of the laboratory from data to page, on a small model of random weights.
#include "lab/run/lab_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/files.h"
#include "lab/report/lab_report.h"
#include "lab/small_data.h"
#include "support/error.h"
#include "support/html_check.h"
#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {
namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::Each;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

class LabRunTest : public ::testing::Test {
 protected:
  LabRunTest() {
    fs::create_directory(folder_ / "model");
    write_tiny_text_model(folder_ / "model");
    write_lab_data(weights_data(), folder_ / "weights");
    options_.data = {folder_ / "weights"};
    options_.model = folder_ / "model";
    options_.conditions = {"none",      "finetune",          "context",
                           "augmented", "augmented-context", "reversed",
                           "shuffled",  "irrelevant",        "finetune:tuning=full:split=cumulative:replay=0.5"};
    options_.seeds = {0, 1};
    options_.other_text = folder_.write("other.txt", "The sea was calm.\n\nA door closed in the house.\n");
    options_.tuning.steps = 4;
    options_.tuning.batch = 2;
    options_.tuning.rank = 2;
    options_.tuning.curve_points = 2;
    options_.out = folder_ / "out";
  }
  LabRun run() const { return {options_, {}, "1.0"}; }

  TemporaryFolder folder_;
  LabOptions options_;
};

Json scores_json(const LabRun& run, const UnitKey& key) {
  return to_json(run.tasks()[0].data.questions, std::span<const QuestionScores>(run.result(key)->scores));
}

TEST_F(LabRunTest, RunsEveryConditionAndSeedOnce) {
  LabRun lab = run();
  EXPECT_FALSE(lab.is_whole());
  EXPECT_EQ(lab.run(), 17u) << "nothing is random without documents, so none runs once";
  EXPECT_TRUE(lab.is_whole());
  EXPECT_EQ(run().run(), 0u);
  for (const UnitKey& key : lab.units()) {
    const UnitResult result = *lab.result(key);
    ASSERT_EQ(result.scores.size(), 4u) << key.condition;
    const Condition condition = parse_condition(key.condition);
    EXPECT_EQ(result.training.has_value(), condition.trains()) << key.condition;
    EXPECT_EQ(result.context.has_value(), condition.reads()) << key.condition;
    if (condition.trains()) {
      EXPECT_EQ(result.training->steps, 4);
      EXPECT_EQ(result.training->presentations, 8u);
      EXPECT_GT(result.training->tokens, 0u);
      EXPECT_EQ(result.curve.size(), 2u);
      EXPECT_TRUE(result.curve[0].contains("reversal")) << result.curve.dump();
    }
    if (condition.reads()) {
      EXPECT_GT(result.context->documents, 0u);
      EXPECT_EQ(result.scores[3].has_support, result.context->facts == 2);
    }
    EXPECT_FALSE(fs::exists(options_.out + "/" + unit_path(key))) << "weights are not kept unless asked for";
  }
  const UnitResult trained = *lab.result({"weights", "finetune", 0});
  EXPECT_EQ(trained.training->texts, 5u);
  EXPECT_EQ(trained.training->facts, 2u);
  EXPECT_EQ(lab.result({"weights", "irrelevant", 0})->training->facts, 0u);
  EXPECT_NE(scores_json(lab, {"weights", "finetune", 0}), scores_json(lab, {"weights", "finetune", 1}));
  EXPECT_NE(scores_json(lab, {"weights", "finetune", 0}), scores_json(lab, {"weights", "none", 0}));
}

TEST_F(LabRunTest, MakesALostResultAgainBitForBit) {
  options_.conditions = {"finetune", "augmented", "context"};
  LabRun lab = run();
  lab.run();
  for (const std::string condition : {"augmented", "context"}) {
    const UnitKey key{"weights", condition, 1};
    const Json before = scores_json(lab, key);
    fs::remove(options_.out + "/" + unit_path(key) + ".json");
    EXPECT_FALSE(lab.is_whole());
    EXPECT_EQ(run().run(), 1u);
    EXPECT_EQ(scores_json(lab, key), before);
  }
}

TEST_F(LabRunTest, GoesOnFromTheCheckpointOfAUnitThatWasKilled) {
  options_.conditions = {"finetune"};
  options_.seeds = {0};
  options_.keep_weights = true;
  LabRun lab = run();
  lab.run();
  const Json before = scores_json(lab, {"weights", "finetune", 0});
  fs::remove(options_.out + "/units/weights/finetune/seed-0.json");
  EXPECT_EQ(run().run(), 1u);
  EXPECT_EQ(scores_json(lab, {"weights", "finetune", 0}), before);
}

TEST_F(LabRunTest, SharesItsWorkWithOthers) {
  options_.conditions = {"none", "finetune", "context"};
  options_.shard = "0/2";
  EXPECT_EQ(run().run(), 3u);
  options_.shard = "1/2";
  LabRun second = run();
  EXPECT_FALSE(second.is_whole());
  EXPECT_EQ(second.run(), 2u);
  EXPECT_TRUE(second.is_whole());
}

TEST_F(LabRunTest, RefusesAFolderOfOtherOptions) {
  options_.conditions = {"none"};
  run().run();
  options_.tuning.rank = 4;
  EXPECT_ERROR(run().run(), ErrorKind::kBadInput, AllOf(HasSubstr("rank = 2, not 4"), HasSubstr("another --out")));
}

TEST_F(LabRunTest, KnowsFilesByWhatTheyHold) {
  options_.conditions = {"none"};
  run().run();
  options_.other_text = folder_.write("copy.txt", read_file(options_.other_text));
  EXPECT_EQ(run().run(), 0u);
  folder_.write("copy.txt", "Another text.\n");
  EXPECT_ERROR(run().run(), ErrorKind::kBadInput, HasSubstr("were made with other_text = \"sha256 "));
}

TEST_F(LabRunTest, KnowsTheModelByItsWeightsWhereverTheyStand) {
  options_.conditions = {"none"};
  run().run();
  fs::rename(folder_ / "model", folder_ / "moved");
  options_.model = folder_ / "moved";
  EXPECT_TRUE(run().is_whole());
  const std::string weights = folder_ / "moved/model.safetensors";
  std::string bytes = read_file(weights);
  bytes.back() ^= 1;
  write_file(weights, bytes);
  EXPECT_TRUE(run().is_whole()) << "a report needs no weights";
  EXPECT_ERROR(run().run(), ErrorKind::kBadInput,
               AllOf(HasSubstr("were made with model = \"sha256 "), HasSubstr("not")));
}

TEST_F(LabRunTest, RefusesWhatCannotBeDone) {
  LabOptions options = options_;
  options.data = {folder_ / "weights", folder_ / "weights/"};
  EXPECT_ERROR(LabRun(options, {}, "1"), ErrorKind::kBadInput, "two folders are called \"weights\"");
  options = options_;
  options.other_text.clear();
  EXPECT_ERROR(LabRun(options, {}, "1"), ErrorKind::kBadInput, "needs ordinary text: give --other-text");
  options = options_;
  options.model = "openai:big";
  EXPECT_ERROR(LabRun(options, {.base_url = "http://localhost:1/v1"}, "1"), ErrorKind::kBadInput,
               "condition \"finetune\" trains, and openai:big is an endpoint");
  options = options_;
  const TemporaryFolder compact;
  write_model(compact, RandomModel{});
  options.model = compact.path();
  EXPECT_ERROR(LabRun(options, {}, "1"), ErrorKind::kUnsupported, "reads table rows only");
  options = options_;
  options.context.context_tokens = 3;
  options.conditions = {"context"};
  EXPECT_ERROR(LabRun(options, {}, "1").run(), ErrorKind::kBadInput, "not one document fits");
}

TEST_F(LabRunTest, LetsAModelWriteAndKeepsItsAnswers) {
  options_.conditions = {"augmented"};
  options_.seeds = {0};
  options_.augmenter = options_.model;
  options_.writer.augment_tokens = 12;
  LabRun lab = run();
  lab.run();
  EXPECT_TRUE(fs::exists(options_.out + "/augmentations/weights-answers.jsonl"));
  const AugmentedData first = *lab.augmented(lab.tasks()[0]);
  EXPECT_EQ(first.augmentation.cost.requests, 6u) << "two facts, three kinds";
  EXPECT_GT(first.augmentation.cost.tokens_written, 0u);
  EXPECT_GT(first.augmentation.cost.flops, 0);
  fs::remove(options_.out + "/augmentations/weights.jsonl");
  fs::remove(options_.out + "/units/weights/augmented/seed-0.json");
  run().run();
  EXPECT_EQ(lab.augmented(lab.tasks()[0])->augmentation.cost.seconds, 0) << "nothing was written again";
}

TEST_F(LabRunTest, WritesAPage) {
  options_.conditions = {"none", "finetune", "context", "augmented"};
  LabRun lab = run();
  lab.run();
  const LabSummary summary = summarise(lab);
  ASSERT_EQ(summary.tasks.size(), 1u);
  const TaskSummary& task = summary.tasks[0];
  EXPECT_EQ(task.conditions.size(), 4u);
  EXPECT_EQ(task.flops.ways.size(), 3u) << "rules read no tokens";
  EXPECT_THAT(task.warnings, Each(Not(HasSubstr("nan"))));
  EXPECT_THAT(accuracy_text(task), AllOf(HasSubstr("forward"), HasSubstr("augmented"), HasSubstr("chance")));
  write_lab_report(summary, options_.out);
  const std::string page = read_file(options_.out + "/report.html");
  EXPECT_EQ(read_html(page).problem, "");
  for (const char* text : {"Fine-tune or prompt?", "Accuracy by split", "Gaps by cause", "While training goes on",
                           "Cost", "Augmented texts", "What each condition saw", "Where the numbers come from"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  EXPECT_THAT(read_file(options_.out + "/report.md"), HasSubstr("| finetune |"));
  EXPECT_THAT(read_file(options_.out + "/report.csv"), HasSubstr("weights,augmented,reversal,2,1,"));
  EXPECT_EQ(Json::parse(read_file(options_.out + "/summary.json")).at("finished"), 7);
}

}  // namespace
}  // namespace manyshot::lab
