// The laboratory on the command line, with a small model of random weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/documented_keys.h"
#include "lab/small_data.h"
#include "support/models/tiny_text_model.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LabCommand : public ::testing::Test {
 protected:
  LabCommand() {
    fs::create_directory(folder_ / "model");
    write_tiny_text_model(folder_ / "model");
    write_lab_data(lab::weights_data(), folder_ / "weights");
  }
  ProgramResult run(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{
        "lab",    "run", folder_ / "weights", "--model", folder_ / "model", "--steps", "2", "--out", folder_ / "out",
        "--rank", "2",   "--seeds",           "0,1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments);
  }
  TemporaryFolder folder_;
};

TEST_F(LabCommand, RunsAndReportsAgain) {
  const ProgramResult result = run();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("weights"), HasSubstr("forward"), HasSubstr("augmented"), HasSubstr("chance")));
  EXPECT_THAT(result.err, HasSubstr("7 of 7 units are finished, 7 now"));
  const std::string page = folder_ / "out/report.html";
  ASSERT_TRUE(fs::exists(page));
  fs::remove(page);
  const ProgramResult again = run_manyshot({"lab", "report", folder_ / "out", "--json"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(fs::exists(page));
  const json summary = json::parse(again.out);
  EXPECT_EQ(summary["finished"], 7);
  expect_documented(summary, "lab report");
}

TEST_F(LabCommand, SaysItAsJson) {
  const ProgramResult result = run({"--conditions", "none,context", "--json", "--quiet"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json summary = json::parse(result.out);
  expect_documented(summary, "lab run");
  EXPECT_EQ(summary["units"], 3);
  EXPECT_EQ(summary["results"][0]["conditions"][1]["condition"], "context");
}

TEST_F(LabCommand, RefusesWhatItCannotDo) {
  const auto expect_refused = [](const ProgramResult& result, const std::string& text) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_THAT(result.out, IsEmpty());
  };
  expect_refused(run({"--conditions", "finetuning"}), "did you mean \"finetune\"?");
  expect_refused(run({"--conditions", "irrelevant"}), "give --other-text");
  expect_refused(run({"--shard", "2"}), "2");
  expect_refused(run_manyshot({"lab", "run", folder_ / "none", "--out", folder_ / "out"}), "none");
  expect_refused(run_manyshot({"lab", "run", folder_ / "weights", "--model", folder_ / "model"}), "--out");
  expect_refused(run_manyshot({"lab", "report", folder_ / "model"}), "no results of the laboratory here");
  expect_refused(run_manyshot({"lab"}), "needs a second word");
  expect_refused(run_manyshot({"lab", "rum"}), "did you mean \"run\"?");
  ASSERT_EQ(run({"--conditions", "none"}).exit_code, 0);
  expect_refused(run({"--conditions", "none", "--batch", "4"}), "batch = 16, not 4");
}

TEST_F(LabCommand, CountsCostsFromSizesAndFromData) {
  const ProgramResult sizes =
      run_manyshot({"lab", "cost", "--document-tokens", "115000", "--questions", "100", "--price-input", "1",
                    "--price-training", "8", "--out", folder_ / "cost.html"});
  ASSERT_EQ(sizes.exit_code, 0) << sizes.err;
  EXPECT_THAT(sizes.out, AllOf(HasSubstr("fine-tuned is cheaper than in context, cold from"), HasSubstr("money"),
                               HasSubstr("For 100 questions")));
  EXPECT_TRUE(fs::exists(folder_ / "cost.html"));
  const ProgramResult counted =
      run_manyshot({"lab", "cost", "--data", folder_ / "weights", "--model", folder_ / "model", "--json"});
  ASSERT_EQ(counted.exit_code, 0) << counted.err;
  const json summary = json::parse(counted.out);
  expect_documented(summary, "lab cost");
  EXPECT_LT(summary["options"]["document_tokens"], 500);
  EXPECT_GT(summary["options"]["document_tokens"], 20);
  const ProgramResult refused = run_manyshot({"lab", "cost", "--data", folder_ / "weights"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--data: counting its tokens takes a tokenizer"));
}

TEST_F(LabCommand, WritesItsPromptsAndKeepsChangedOnes) {
  ASSERT_EQ(run_manyshot({"lab", "prompts", folder_ / "prompts"}).exit_code, 0);
  folder_.write("prompts/local.txt", "Again: {document}");
  const ProgramResult again = run_manyshot({"lab", "prompts", folder_ / "prompts"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, HasSubstr("local.txt is there already and stays as it is"));
  const ProgramResult used =
      run({"--conditions", "augmented", "--augmenter", folder_ / "model", "--augment-tokens", "8", "--augment-prompts",
           folder_ / "prompts", "--context-prompt", folder_ / "prompts/context.txt"});
  EXPECT_EQ(used.exit_code, 0) << used.err;
}

TEST_F(LabCommand, IsListedAsAGroup) {
  const ProgramResult result = run_manyshot({"help", "lab"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("lab run"), HasSubstr("lab report"), HasSubstr("lab cost")));
  EXPECT_EQ(run_manyshot({"lab", "--help"}).out, result.out);
  EXPECT_THAT(run_manyshot({"lab", "run", "--help"}).out, HasSubstr("manyshot lab run [OPTIONS] [DATA]"));
  EXPECT_EQ(run_manyshot({"help", "lab", "make"}).out, run_manyshot({"lab", "make", "--help"}).out);
}

}  // namespace
}  // namespace manyshot
