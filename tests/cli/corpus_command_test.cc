// `manyshot corpus` as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class CorpusCommand : public ::testing::Test {
 protected:
  std::vector<std::string> arguments(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"corpus", "--part-tasks", "20", "--out", folder_ / out};
    const std::vector<std::pair<std::string, std::string>> usual{
        {"--tasks", "60"}, {"--prior", "graph"}, {"--features", "4:6"}, {"--shots", "16:40"}};
    for (const auto& [name, value] : usual) {
      if (std::find(more.begin(), more.end(), name) == more.end()) all.insert(all.end(), {name, value});
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void expect_refused(const ProgramResult& result, const std::string& part) {
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(part));
  }
  TemporaryFolder folder_;
};

TEST_F(CorpusCommand, WritesAndReports) {
  const ProgramResult result = run_manyshot(arguments("a"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("of 60 tasks kept"), HasSubstr("tasks a second drawn"),
                                HasSubstr("thrown away"), HasSubstr("forest accuracy")));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a/alpaca/part-000002.jsonl"));
  const json report = json::parse(run_manyshot(arguments("a", {"--json"})).out);
  EXPECT_EQ(report["parts_before"], 3);
  EXPECT_EQ(report["drawn_now"], 0) << "the parts that were there are not this run's work";
  const json fresh = json::parse(run_manyshot(arguments("b", {"--json"})).out);
  EXPECT_EQ(fresh["drawn_now"], 60);
  EXPECT_EQ(fresh["kept_now"], fresh["kept"]);
  const json& spent = fresh["thread_seconds"];
  EXPECT_GT(spent["task"], 0.0);
  EXPECT_GE(spent["all"].get<double>(), spent["task"].get<double>() + spent["guard"].get<double>());
  EXPECT_EQ(report["drawn"], 60);
}

TEST_F(CorpusCommand, ASwitchCanBeTurnedOff) {
  const json filtered = json::parse(run_manyshot(arguments("a", {"--json"})).out);
  const json all = json::parse(run_manyshot(arguments("b", {"--json", "--filter-tasks=false"})).out);
  EXPECT_LT(filtered["kept"], all["kept"]);
  EXPECT_EQ(json::parse(run_manyshot(arguments("c", {"--json", "--filter-tasks=true"})).out)["kept"], filtered["kept"]);
  expect_refused(run_manyshot(arguments("d", {"--filter-tasks=maybe"})), "maybe");
}

TEST_F(CorpusCommand, AKilledRunGoesOnToTheSameBytes) {
  ASSERT_EQ(run_manyshot(arguments("whole", {"--tasks", "400"})).exit_code, 0);
  ProgramOptions kill_it;
  kill_it.meanwhile = [&](pid_t process) {
    while (!std::filesystem::exists(folder_ / "killed/alpaca/part-000001.jsonl") && kill(process, 0) == 0) usleep(1000);
    kill(process, SIGKILL);
  };
  run_manyshot(arguments("killed", {"--tasks", "400"}), kill_it);
  ASSERT_EQ(run_manyshot(arguments("killed", {"--tasks", "400"})).exit_code, 0);
  for (int part = 0; part < 20; ++part) {
    const std::string name = "/alpaca/part-0000" + std::string(part < 10 ? "0" : "") + std::to_string(part) + ".jsonl";
    EXPECT_EQ(content_of(folder_ / "killed" + name), content_of(folder_ / "whole" + name)) << name;
  }
}

TEST_F(CorpusCommand, BadOptionsAreRefused) {
  expect_refused(run_manyshot({"corpus", "--tasks", "5"}), "--out is needed");
  expect_refused(run_manyshot({"corpus"}), "--tasks and --out are needed");
  expect_refused(run_manyshot(arguments("b", {"--layout", "tokens"})), "--layout tokens needs --model");
  expect_refused(run_manyshot(arguments("b", {"--format", "compact"})), "--layout alpaca is text");
  expect_refused(run_manyshot(arguments("b", {"--layout", "parquet", "--number-share", "0.5"})),
                 "--number-share 0.5: --layout parquet holds classes alone; take --layout tokens");
  expect_refused(run_manyshot(arguments("b", {"--features", "50:5"})), "50:5");
  expect_refused(run_manyshot(arguments("b", {"--classes", "1"})),
                 "--classes 1: expected numbers from 2 to 1000, got 1");
  expect_refused(run_manyshot(arguments("b", {"--prior", "grap"})), "graph");
  expect_refused(run_manyshot(arguments("b", {"--rows", "50"})),
                 "--rows: 50 is too few for 16:40 shots and 50 queries");
  expect_refused(run_manyshot(arguments("b", {"--exclude", folder_ / "nowhere"})), "--exclude");
  expect_refused(run_manyshot(arguments("b", {"--shard", "2/2"})), "--shard");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b"));
}

}  // namespace
}  // namespace manyshot
