// manyshot synth: files, manifest, going on after a stop, shards, explanations, mistakes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> synth(const std::string& out, std::vector<std::string> more) {
  std::vector<std::string> arguments{
      "synth", "--out", out, "--seed", "5", "--rows", "100", "--prior", "mix:1,graph:1,forest:1", "--quiet"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// name -> bytes of every table, and of the manifests without their first lines.
std::map<std::string, std::string> tables_in(const TemporaryFolder& folder, const std::string& out) {
  std::map<std::string, std::string> tables;
  for (const auto& entry : std::filesystem::directory_iterator(folder / out)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("task_")) tables[name] = content_of(entry.path().string());
  }
  return tables;
}

TEST(Synth, TablesAndManifestAgree) {
  const TemporaryFolder folder;
  const ProgramResult result = run_manyshot(synth(folder / "t", {"--tasks", "30", "--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["written"], 30);
  const auto lines = lines_of(content_of(folder / "t/tasks.jsonl"));
  ASSERT_EQ(lines.size(), 31u);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["options"]["seed"], 5);
  for (size_t i = 0; i < 30; ++i) {
    const auto facts = nlohmann::json::parse(lines[i + 1]);
    EXPECT_EQ(facts["task"], i);
    const auto table = lines_of(content_of(folder / ("t/" + facts["file"].get<std::string>())));
    EXPECT_EQ(table.size(), 101u);
    EXPECT_EQ(std::count(table[0].begin(), table[0].end(), ','), facts["features"].get<int>());
    EXPECT_TRUE(table[0].ends_with(",label"));
    std::vector<int> counts(facts["classes"].get<size_t>(), 0);
    size_t gaps = 0;
    for (size_t row = 1; row < table.size(); ++row) {
      EXPECT_EQ(std::count(table[row].begin(), table[row].end(), ','), facts["features"].get<int>());
      ++counts.at(std::stoul(table[row].substr(table[row].rfind(',') + 1)));
      const std::string padded = "," + table[row];
      for (size_t at = padded.find(",,"); at != std::string::npos; at = padded.find(",,", at + 1)) ++gaps;
    }
    EXPECT_EQ(facts["class_counts"].get<std::vector<int>>(), counts);
    EXPECT_EQ(facts["missing_cells"].get<size_t>(), gaps);
  }
}

TEST(Synth, ShardsThreadsAndRestartsGiveTheSameBytes) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_manyshot(synth(folder / "all", {"--tasks", "40", "--threads", "1"})).exit_code, 0);
  const auto expected = tables_in(folder, "all");
  ASSERT_EQ(expected.size(), 40u);
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    ASSERT_EQ(run_manyshot(synth(folder / "sharded", {"--tasks", "40", "--threads", "7", "--shard", shard})).exit_code,
              0);
  }
  EXPECT_EQ(tables_in(folder, "sharded"), expected);
  // More tasks on top of fewer; the manifest is that of one run.
  ASSERT_EQ(run_manyshot(synth(folder / "grown", {"--tasks", "13"})).exit_code, 0);
  ASSERT_EQ(run_manyshot(synth(folder / "grown", {"--tasks", "40", "--threads", "2"})).exit_code, 0);
  EXPECT_EQ(tables_in(folder, "grown"), expected);
  EXPECT_EQ(content_of(folder / "grown/tasks.jsonl"), content_of(folder / "all/tasks.jsonl"));
}

TEST(Synth, GoesOnAfterAKill) {
  const TemporaryFolder folder;
  ProgramOptions killed;
  killed.meanwhile = [&](pid_t process) {
    while (!std::filesystem::exists(folder / "k/task_000300.csv")) usleep(2000);
    kill(process, SIGKILL);
  };
  EXPECT_EQ(run_manyshot(synth(folder / "k", {"--tasks", "20000"}), killed).signal, SIGKILL);
  const std::string manifest = folder / "k/tasks.jsonl";
  const size_t finished = lines_of(content_of(manifest)).size() - 1;
  EXPECT_LT(finished, 20'000u);
  // A line cut short by the crash.
  folder.write("cut", content_of(manifest) + "{\"task\":" + std::to_string(finished) + ",\"pri");
  std::filesystem::rename(folder / "cut", manifest);
  const std::string tasks = std::to_string(finished + 50);
  ASSERT_EQ(run_manyshot(synth(folder / "k", {"--tasks", tasks})).exit_code, 0);
  ASSERT_EQ(run_manyshot(synth(folder / "whole", {"--tasks", tasks})).exit_code, 0);
  EXPECT_EQ(content_of(manifest), content_of(folder / "whole/tasks.jsonl"));
  const auto whole = tables_in(folder, "whole"), resumed = tables_in(folder, "k");
  for (const auto& [name, bytes] : whole) EXPECT_EQ(resumed.at(name), bytes) << name;
}

TEST(Synth, ParquetHasTheSameTables) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_manyshot(synth(folder / "p", {"--tasks", "4", "--layout", "parquet"})).exit_code, 0);
  ASSERT_EQ(run_manyshot(synth(folder / "c", {"--tasks", "4"})).exit_code, 0);
  const ProgramResult parquet = run_manyshot({"info", "--table", folder / "p/task_000001.parquet", "--json"});
  const ProgramResult csv = run_manyshot({"info", "--table", folder / "c/task_000001.csv", "--json"});
  ASSERT_EQ(parquet.exit_code, 0) << parquet.err;
  const auto a = nlohmann::json::parse(parquet.out), b = nlohmann::json::parse(csv.out);
  EXPECT_EQ(a["rows"], b["rows"]);
  EXPECT_EQ(a["columns"].size(), b["columns"].size());
}

TEST(Synth, NumbersToPredictStandInTheLastColumn) {
  const TemporaryFolder folder;
  const std::vector<std::string> share{"--tasks", "12", "--number-share", "0.5"};
  std::vector<std::string> parquet = share;
  parquet.insert(parquet.end(), {"--layout", "parquet"});
  ASSERT_EQ(run_manyshot(synth(folder / "c", share)).exit_code, 0);
  ASSERT_EQ(run_manyshot(synth(folder / "p", parquet)).exit_code, 0);
  const auto lines = lines_of(content_of(folder / "c/tasks.jsonl"));
  size_t numbers = 0;
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto facts = nlohmann::json::parse(lines[i]);
    const std::string file = facts["file"];
    const bool is_number = facts.contains("target");
    EXPECT_NE(is_number, facts.contains("classes"));
    EXPECT_TRUE(lines_of(content_of(folder / ("c/" + file)))[0].ends_with(is_number ? ",target" : ",label"));
    if (!is_number || ++numbers > 1) continue;
    const auto read = [&](const std::string& path) {
      return nlohmann::json::parse(run_manyshot({"info", "--table", path, "--json"}).out)["columns"].back();
    };
    const auto csv = read(folder / ("c/" + file)), same = read(folder / ("p/" + file.substr(0, 11) + ".parquet"));
    EXPECT_EQ(csv["name"], "target");
    EXPECT_EQ(same["name"], "target");
    EXPECT_EQ(csv["type"], same["type"]);
    const double least = csv["minimum"];
    EXPECT_NEAR(same["minimum"].get<double>(), least, 1e-5 * std::max(1.0, std::abs(least)));
  }
  EXPECT_GE(numbers, 2u);
  EXPECT_LE(numbers, 10u);
}

TEST(Synth, ExplainsWithoutWriting) {
  const ProgramResult json = run_manyshot({"synth", "--seed", "5", "--prior", "graph", "--explain", "3"});
  ASSERT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(nlohmann::json::parse(json.out)["task"], 3);
  const ProgramResult dot =
      run_manyshot({"synth", "--seed", "5", "--prior", "graph", "--explain", "3", "--explain-format", "dot"});
  EXPECT_TRUE(dot.out.starts_with("digraph task_3 {"));
}

TEST(Synth, MistakesAreNamed) {
  const TemporaryFolder folder;
  const auto expect_error = [&](std::vector<std::string> more, const std::string& message) {
    const ProgramResult result = run_manyshot(synth(folder / "e", std::move(more)));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  expect_error({}, "--tasks and --out are needed");
  expect_error({"--tasks", "3", "--features", "50:5"}, "--features 50:5: the range is empty");
  expect_error({"--tasks", "3", "--shard", "3/3"}, "--shard: expected I/N with I from 0 to N - 1");
  expect_error({"--tasks", "3", "--layout", "xml"}, "csv or parquet");
  ASSERT_EQ(run_manyshot(synth(folder / "e", {"--tasks", "3"})).exit_code, 0);
  expect_error({"--tasks", "3", "--classes", "2:4"}, "made with classes \"2:10\", now \"2:4\"");
  expect_error({"--tasks", "3", "--layout", "parquet"}, "made with layout \"csv\"");
  folder.write("e/tasks.jsonl", "{\"format\":\"manyshot tasks 1\",\"version\":\"0.0.1\",\"options\":{}}\n");
  expect_error({"--tasks", "3"}, "made by version 0.0.1");
  folder.write("e/tasks.jsonl", "hello\n");
  expect_error({"--tasks", "3"}, "expected a manifest");
  const std::string file = folder.write("file", "x");
  const ProgramResult result = run_manyshot({"synth", "--tasks", "3", "--out", file});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("cannot make this folder"));
}

}  // namespace
}  // namespace manyshot
