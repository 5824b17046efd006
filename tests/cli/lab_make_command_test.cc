// manyshot lab, as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/json.h"
#include "support/golden_tokenizer.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(LabMake, SaysWhatItMade) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_manyshot({"lab", "make", "reversals", "--facts", "12", "--articles", "2", "--out", folder / "data"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("12 facts, 24 documents"), HasSubstr("chance"), HasSubstr("\n  reversal "),
                                HasSubstr("0.300"), HasSubstr("document d00001 (article): "),
                                HasSubstr("question q00001 (forward, direction): "), HasSubstr("\n  * ")));
  EXPECT_EQ(lines_of(content_of(folder / "data/documents.jsonl")).size(), 24u);
  EXPECT_EQ(Json::parse(content_of(folder / "data/lab.json"))["options"]["articles"], 2);
}

TEST(LabMake, SaysItInJson) {
  const TemporaryFolder folder;
  const ProgramResult result =
      run_manyshot({"lab", "make", "syllogisms", "--examples", "11", "--out", folder / "data", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_EQ(json["command"], "lab make");
  EXPECT_EQ(json["options"]["kind"], "syllogisms");
  EXPECT_EQ(json["documents"], 11);
  EXPECT_EQ(json["splits"][1]["split"], "syllogism");
  EXPECT_EQ(json["splits"][1]["hops"], Json::array({2, 2}));
}

TEST(LabMake, ChoosesWordsForATokenizer) {
  const TemporaryFolder folder;
  folder.write("model/tokenizer.json", content_of(golden_path("smollm.json")));
  const ProgramResult result =
      run_manyshot({"lab", "make", "family", "--model", folder / "model", "--out", folder / "data", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_GT(Json::parse(result.out)["document_tokens"], 1000);
  const Tokenizer tokenizer(read_tokenizer_json(golden_path("smollm.json")));
  for (const std::string& line : lines_of(content_of(folder / "data/questions.jsonl"))) {
    const Json question = Json::parse(line);
    const size_t tokens = tokenizer.encode(question["alternatives"][0].get<std::string>(), false).size();
    for (const Json& alternative : question["alternatives"]) {
      ASSERT_EQ(tokenizer.encode(alternative.get<std::string>(), false).size(), tokens) << line;
    }
  }
}

TEST(LabMake, WritesThePublicFiles) {
  const TemporaryFolder folder;
  const ProgramResult result = run_manyshot(
      {"lab", "make", "celebrities", "--people", "3", "--layout", "reversal-curse", "--out", folder / "set"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(lines_of(content_of(folder / "set/p2d_prompts_train.jsonl")).size(), 90u);
  EXPECT_FALSE(std::filesystem::exists(folder / "set/lab.json"));
}

TEST(LabMake, RefusesBadInputAndWritesNothing) {
  const TemporaryFolder folder;
  folder.write("texts.jsonl", "{\"text\": \"nothing to ask\"}\n");
  const auto expect_refused = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), {"lab", "make"});
    arguments.insert(arguments.end(), {"--out", folder / "data"});
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_FALSE(std::filesystem::exists(folder / "data"));
  };
  expect_refused({"reversal"}, "got \"reversal\"; did you mean \"reversals\"?");
  expect_refused({}, "--kind is needed");
  expect_refused({"family", "--facts", "9"}, "--facts: 9 is no size of family; it has \"families\"");
  expect_refused({"reversals", "--facts", "50000"}, "100000 invented words are needed");
  expect_refused({"documents"}, "--in: documents are made from a file of your own");
  expect_refused({"documents", "--in", folder / "texts.jsonl"}, "1 documents without facts");
  expect_refused({"family", "--layout", "reversal-curse"}, "--layout: reversal-curse is for celebrities alone");
}

TEST(LabMake, RefusesAFolderWithSomethingInIt) {
  const TemporaryFolder folder;
  folder.write("data/mine.txt", "mine");
  const ProgramResult result = run_manyshot({"lab", "make", "family", "--families", "2", "--out", folder / "data"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("this is not an empty folder"));
}

}  // namespace
}  // namespace manyshot
