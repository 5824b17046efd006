#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/documented_keys.h"
#include "memory/memory_file.h"
#include "support/program.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class MemoryCommands : public ::testing::Test {
 protected:
  MemoryCommands() {
    memory::MemoryFile file(path_);
    std::vector<memory::NewExperience> deploys{
        {Json::parse(R"({"day": "fri, late", "size": 0.1})"), "failed"},
        {Json::parse(R"({"size": null, "id": true, "new": 12345678901})"), true}};
    for (int i = 0; i < 60; ++i)
      deploys.push_back({{{"day", i % 2 == 0 ? "mon" : "fri"}, {"size", i}}, i % 2 == 0 ? "true" : "failed"});
    file.remember("deploys", deploys);
    file.remember("times", std::vector<memory::NewExperience>{{Json{{"x", 1}}, 2.5}});
  }
  static std::string out_of(const std::vector<std::string>& arguments) {
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  void expect_refused(std::vector<std::string> arguments, const std::string& message) const {
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr(message));
  }
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "agent.memory";
};

TEST_F(MemoryCommands, ListCollections) {
  const auto lines = lines_of(out_of({"memory", "list", path_}));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_THAT(lines[1], MatchesRegex("deploys +62  class +20[0-9TZ:-]+  20[0-9TZ:-]+"));
  EXPECT_THAT(lines[2], MatchesRegex("times +1  number +.*"));
  const auto summary = nlohmann::json::parse(out_of({"memory", "list", path_, "--json"}));
  expect_documented(summary, "memory list");
  EXPECT_EQ(summary["collections"][0]["experiences"], 62);
}

TEST_F(MemoryCommands, ExportATable) {
  const auto lines = lines_of(out_of({"memory", "export", path_, "--collection", "deploys", "--quiet"}));
  ASSERT_EQ(lines.size(), 63u);
  EXPECT_EQ(lines[0], "id,remembered,day,size,id_field,new,outcome");
  EXPECT_THAT(lines[1], MatchesRegex("1,20[0-9TZ:-]+,\"fri, late\",0.1,\"\",\"\",failed"));
  EXPECT_THAT(lines[2], MatchesRegex("2,20[0-9TZ:-]+,\"\",\"\",true,12345678901,true"));
  out_of({"memory", "export", path_, "--collection", "deploys", "--out", folder_ / "deploys.jsonl"});
  const auto second = nlohmann::json::parse(lines_of(content_of(folder_ / "deploys.jsonl"))[1]);
  EXPECT_EQ(second["new"], 12345678901.0);
  EXPECT_TRUE(second["size"].is_null());
  EXPECT_EQ(second["outcome"], "true");
}

// The same rows as predict_outcome shows to a model, tried by the command line.
TEST_F(MemoryCommands, ExportWhatPredictReads) {
  const std::string table = folder_ / "deploys.parquet";
  const auto summary =
      nlohmann::json::parse(out_of({"memory", "export", path_, "--collection", "deploys", "--out", table, "--json"}));
  expect_documented(summary, "memory export");
  EXPECT_EQ(summary["experiences"], 62);
  const auto tried = nlohmann::json::parse(
      out_of({"predict", "--train", table, "--target", "outcome", "--ignore", "id,remembered", "--model", "default",
              "--folds", "3", "--out", folder_ / "tried.csv", "--json", "--quiet"}));
  EXPECT_GT(tried["metrics"]["default"]["accuracy"], 0.9);
}

TEST_F(MemoryCommands, RefuseBadInput) {
  expect_refused({"memory", "list", folder_ / "none"}, "none: no such file");
  EXPECT_EQ(folder_.names().size(), 1u) << "looking makes no file";
  expect_refused({"memory", "export", path_},
                 "say which collection, by --collection; there are \"deploys\", \"times\"");
  expect_refused({"memory", "export", path_, "--collection", "deploy"},
                 "no collection \"deploy\"; did you mean \"deploys\"?");
  expect_refused({"memory", "export", path_, "--collection", "times", "--out", path_}, "agent.memory");
  expect_refused({"memory", "export", path_, "--collection", "times", "--out", folder_ / "x.xlsx"}, "x.xlsx");
  EXPECT_EQ(memory::MemoryFile(path_).all("deploys").size(), 62u);
  memory::MemoryFile empty(folder_ / "empty.memory");
  expect_refused({"memory", "export", folder_ / "empty.memory"}, "nothing is remembered in it yet");
}

}  // namespace
}  // namespace manyshot
