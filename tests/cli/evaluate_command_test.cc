// manyshot evaluate: files, going on after a kill or a full disk, shards, threads, tables that cannot be used,
// mistakes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/documented_keys.h"
#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using nlohmann::json;
using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

// A table of `rows` rows, two columns and `classes` classes that the columns tell apart, more or less.
std::string table_text(int rows, int classes, const std::string& target = "label") {
  std::ostringstream text;
  text << "x,y," << target << "\n";
  for (int row = 0; row < rows; ++row) {
    const int k = row * 7 % classes;
    text << k + std::sin(row * 1.7) << "," << std::cos(row * 0.9) - k << "," << (row % 11 == 0 ? (k + 1) % classes : k)
         << "\n";
  }
  return text.str();
}

// Erases the members of these names, at any depth.
void erase_members(json& value, const std::set<std::string>& names) {
  if (value.is_object()) {
    for (const std::string& name : names) value.erase(name);
  }
  if (!value.is_structured()) return;
  for (json& member : value) erase_members(member, names);
}

// Comma-separated lines without the columns of these names. REQUIRES: no cell has a comma.
std::string without_columns(const std::string& csv, const std::set<std::string>& names) {
  std::istringstream lines(csv);
  std::string text;
  std::vector<bool> is_kept;
  for (std::string line; std::getline(lines, line); text += "\n") {
    std::istringstream cells(line + ",");
    size_t column = 0;
    for (std::string cell; std::getline(cells, cell, ','); ++column) {
      if (column == is_kept.size()) is_kept.push_back(names.count(cell) == 0);
      if (is_kept[column]) text += cell + ",";
    }
  }
  return text;
}

// A process that is killed when `file` has grown to `bytes`.
ProgramOptions killed_when(const std::string& file, uintmax_t bytes) {
  ProgramOptions options;
  options.meanwhile = [=](pid_t process) {
    std::error_code error;
    for (int tries = 0; tries < 60'000; ++tries) {
      if (std::filesystem::file_size(file, error) > bytes && !error) break;
      usleep(1000);
    }
    kill(process, SIGKILL);
  };
  return options;
}

// A process that can make no file larger than `bytes`: to it, the disk is full.
ProgramOptions limited_to(rlim_t bytes) {
  ProgramOptions options;
  options.prepare = [=] {
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
  };
  return options;
}

class EvaluateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_ / "tables");
    folder_.write("tables/a.csv", table_text(200, 2));
    folder_.write("tables/b.csv", table_text(150, 3));
    folder_.write("tables/index.csv", "name,rows\na,200\n");
  }

  ProgramResult evaluate(const std::string& out, std::vector<std::string> more, const ProgramOptions& options = {}) {
    std::vector<std::string> arguments{"evaluate", "--tables", folder_ / "tables", "--out", folder_ / out, "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_manyshot(arguments, options);
  }
  std::string text_of(const std::string& name) const { return content_of(folder_ / name); }
  json summary_of(const std::string& out) const { return json::parse(text_of(out + "/summary.json")); }

  // Two evaluations with the same results: bit for bit, but for times and the name of the folder.
  void expect_same_results(const std::string& out, const std::string& expected) const {
    for (const char* name : {"predictions.parquet", "report.csv"})
      EXPECT_EQ(text_of(out + "/" + name), text_of(expected + "/" + name)) << name;
    const auto csv = [&](const std::string& folder, const char* name) {
      return without_columns(text_of(folder + "/" + name), {"fit_s", "predict_s", "time_train_s", "time_infer_s"});
    };
    for (const char* name : {"results.csv", "results_per_split.csv"}) {
      EXPECT_GT(csv(expected, name).size(), 500u);
      EXPECT_EQ(csv(out, name), csv(expected, name)) << name;
    }
    const auto summary = [&](const std::string& folder) {
      json found = summary_of(folder);
      erase_members(found, {"fit_s", "predict_s", "seconds_per_query", "started", "finished", "out"});
      return found;
    };
    EXPECT_EQ(summary(out), summary(expected)) << json::diff(summary(out), summary(expected)).dump().substr(0, 2000);
  }

  TemporaryFolder folder_;
};

const std::vector<std::string> kFew{"--models", "majority,knn,paper-knn,forest", "--shots", "8,32,128"};

std::vector<std::string> few(std::vector<std::string> more) {
  more.insert(more.begin(), kFew.begin(), kFew.end());
  return more;
}

TEST_F(EvaluateTest, WritesEveryFile) {
  const ProgramResult result = evaluate("r", few({"--json", "--compare", "published"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json line = json::parse(result.out);
  EXPECT_EQ(line["units"], 4 * 5);  // table b has 120 training rows
  EXPECT_EQ(line["units_done_now"], 20);
  EXPECT_EQ(line["short_tables"], 1);
  EXPECT_EQ(line["failed_units"], 0);
  const json summary = summary_of("r");
  EXPECT_EQ(summary["tables"].size(), 2u);
  EXPECT_EQ(summary["tables"][0]["classes"], json({"0", "1"}));
  EXPECT_EQ(summary["units"].size(), 20u);
  EXPECT_EQ(summary["run"]["baseline"], "forest");
  for (const json& average : summary["averages"]) {
    if (average["model"] == "forest" && average["shots"] == 32) {
      EXPECT_GT(average["metrics"]["accuracy"]["mean"], 0.7);
      EXPECT_EQ(average["metrics"]["accuracy"]["ties"], 2);
    }
  }
  EXPECT_THAT(summary["examples"][0]["prompt"].get<std::string>(), HasSubstr("8 rows:"));

  const std::string report = text_of("r/report.html");
  EXPECT_THAT(report, HasSubstr("paper-knn"));
  std::filesystem::remove(folder_ / "r/report.html");
  ASSERT_EQ(run_manyshot({"evaluate", "--report-only", "--out", folder_ / "r"}).exit_code, 0);
  EXPECT_EQ(text_of("r/report.html"), report);
  EXPECT_EQ(summary["examples"][0]["answers"].size(), 4u);
  EXPECT_THAT(text_of("r/results.csv"), HasSubstr("\nforest,b,32,40,30,"));
  EXPECT_THAT(text_of("r/results_per_split.csv"), HasSubstr("a,40,knn (8 shots),8,binary,roc_auc,"));
  size_t harness_files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "r/harness")) {
    if (!entry.is_regular_file()) continue;
    ++harness_files;
    const json harness = json::parse(content_of(entry.path().string()));
    EXPECT_EQ(harness["n-shot"]["b_32shot"], 32);
    EXPECT_TRUE(harness["results"]["b_32shot"].contains("acc,none"));
    EXPECT_EQ(harness["group_subtasks"]["tables_128shot"], json({"a_128shot"}));
  }
  EXPECT_EQ(harness_files, 4u);
  const ProgramResult table = run_manyshot({"info", "--table", folder_ / "r/results.csv", "--json"});
  EXPECT_EQ(json::parse(table.out)["rows"], 20);
}

TEST_F(EvaluateTest, PredictionsDoNotDependOnThreadsOrOrder) {
  ASSERT_EQ(evaluate("one", few({"--threads", "1"})).exit_code, 0);
  ASSERT_EQ(evaluate("many", few({"--threads", "5"})).exit_code, 0);
  // The same in two steps, the last first.
  ASSERT_EQ(evaluate("grown", {"--models", "forest", "--shots", "128"}).exit_code, 0);
  ASSERT_EQ(evaluate("grown", few({})).exit_code, 0);
  const std::string predictions = text_of("one/predictions.parquet");
  EXPECT_GT(predictions.size(), 1000u);
  EXPECT_EQ(text_of("many/predictions.parquet"), predictions);
  EXPECT_EQ(text_of("grown/predictions.parquet"), predictions);
}

TEST_F(EvaluateTest, TheSameLedgerGivesTheSameBytes) {
  ASSERT_EQ(evaluate("r", kFew).exit_code, 0);
  const std::string results = text_of("r/results.csv"), summary = text_of("r/summary.json");
  const ProgramResult again = evaluate("r", few({"--json"}));
  EXPECT_EQ(json::parse(again.out)["units_done_now"], 0);
  EXPECT_EQ(text_of("r/results.csv"), results);
  EXPECT_EQ(text_of("r/summary.json"), summary);
}

const std::vector<std::string> kSlow{
    "--models", "majority,xgboost,forest", "--shots", "8,16,32,64,128", "--seeds", "40,41,42", "--json"};

std::vector<std::string> slow(std::vector<std::string> more) {
  more.insert(more.begin(), kSlow.begin(), kSlow.end());
  return more;
}

TEST_F(EvaluateTest, GoesOnAfterAKill) {
  // Some units later: the write-ahead log has grown.
  const ProgramOptions killed = killed_when(folder_ / "k/ledger.sqlite-wal", 200'000);
  EXPECT_EQ(evaluate("k", kSlow, killed).signal, SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "k/summary.json"));
  const ProgramResult resumed = evaluate("k", kSlow), whole = evaluate("w", kSlow);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  const json resumed_line = json::parse(resumed.out), whole_line = json::parse(whole.out);
  EXPECT_EQ(resumed_line["units"], whole_line["units"]);
  EXPECT_EQ(whole_line["units_done_now"], whole_line["units"]);
  EXPECT_LT(resumed_line["units_done_now"], resumed_line["units"]) << "what was finished before the kill is repeated";
  EXPECT_GT(resumed_line["units_done_now"], 0) << "the kill came too late for the test";
  expect_same_results("k", "w");
}

TEST_F(EvaluateTest, KilledShardsGoOnAndAreCollected) {
  for (const char* index : {"0", "1"}) {
    const std::string shard = std::string(index) + "/2";
    const ProgramOptions killed = killed_when(folder_ / fmt::format("s/ledger-{}-of-2.sqlite-wal", index), 100'000);
    EXPECT_EQ(evaluate("s", slow({"--shard", shard}), killed).signal, SIGKILL);
    const ProgramResult resumed = evaluate("s", slow({"--shard", shard}));
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    const json line = json::parse(resumed.out);
    EXPECT_LT(line["units_done_now"], line["units"]);
    EXPECT_GT(line["units_done_now"], 0) << "the kill came too late for the test";
  }
  const ProgramResult collected = evaluate("s", kSlow);
  ASSERT_EQ(collected.exit_code, 0) << collected.err;
  EXPECT_EQ(json::parse(collected.out)["units_done_now"], 0);
  ASSERT_EQ(evaluate("w", kSlow).exit_code, 0);
  expect_same_results("s", "w");
}

TEST_F(EvaluateTest, GoesOnAfterAFullDisk) {
  const ProgramResult full = evaluate("f", kSlow, limited_to(200'000));
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_THAT(full.err, HasSubstr("f/ledger.sqlite: "));
  EXPECT_THAT(full.err, HasSubstr("the free space"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "f/summary.json"));

  // Now the ledger has room, and report.html has none.
  const ProgramResult report = evaluate("f", kSlow, limited_to(3'000'000));
  EXPECT_EQ(report.exit_code, 2);
  EXPECT_THAT(report.err, HasSubstr("f/report.html: cannot write"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "f/report.html"));

  const ProgramResult resumed = evaluate("f", kSlow);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(json::parse(resumed.out)["units_done_now"], 0);
  ASSERT_EQ(evaluate("w", kSlow).exit_code, 0);
  expect_same_results("f", "w");
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "f"))
    EXPECT_NE(entry.path().filename().string().front(), '.') << "an unfinished file is left";
}

TEST_F(EvaluateTest, ShardsAreCollected) {
  ASSERT_EQ(evaluate("whole", kFew).exit_code, 0);
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    const ProgramResult result = evaluate("s", few({"--shard", shard, "--json"}));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(json::parse(result.out)["units"].get<int>(), AnyOf(6, 7));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "s/summary.json"));
  const ProgramResult collected = evaluate("s", few({"--json"}));
  EXPECT_EQ(json::parse(collected.out)["units_done_now"], 0);
  expect_same_results("s", "whole");
}

TEST_F(EvaluateTest, SeedsFixedProtocolAndQueries) {
  const ProgramResult result =
      evaluate("r", {"--models", "knn,majority", "--shots", "16", "--protocol", "fixed", "--select", "stratified",
                     "--seeds", "1,2,3", "--max-queries", "20", "--baseline", "majority"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json summary = summary_of("r");
  EXPECT_EQ(summary["units"].size(), 2u * 2 * 3);
  EXPECT_EQ(summary["cells"][0]["seeds"], 3);
  EXPECT_EQ(summary["cells"][0]["mean"]["rows"], 60);
  EXPECT_LT(summary["cells"][0]["accuracy_interval"][0], summary["cells"][0]["mean"]["accuracy"]);
  EXPECT_EQ(summary["units"][0]["contexts"], 1);
}

// 2 x - y, and some noise.
std::string number_table_text(int rows) {
  std::ostringstream text;
  text << "x,y,label\n";
  for (int row = 0; row < rows; ++row) {
    const double x = row * 37 % 101, y = row * 53 % 89;
    text << x << "," << y << "," << 2 * x - y + 10 * std::sin(row * 1.7) << "\n";
  }
  return text.str();
}

TEST_F(EvaluateTest, NumbersAreMeasuredBesideClasses) {
  folder_.write("tables/prices.csv", number_table_text(250));
  const std::vector<std::string> options{"--models", "majority,forest,mean,ridge", "--shots", "32,128", "--json"};
  const ProgramResult result = evaluate("r", options);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json printed = json::parse(result.out), summary = summary_of("r");
  expect_documented(printed, "evaluate");
  EXPECT_EQ(printed["tables"], 3);
  // Classes by majority and forest; numbers by forest, mean and ridge. Table b has too few rows for 128.
  EXPECT_EQ(summary["units"].size(), 2u * 3);
  EXPECT_EQ(summary["number_units"].size(), 3u * 2);
  EXPECT_EQ(summary["tables"].size(), 2u);
  EXPECT_EQ(summary["number_tables"][0]["name"], "prices");
  std::map<std::string, json> at_128;
  for (const json& average : printed["number_averages"]) {
    if (average["shots"] == 128) at_128[average["model"]] = average;
  }
  EXPECT_NEAR(at_128["mean"]["relative_crps"], 1, 1e-9);
  EXPECT_NEAR(at_128["mean"]["r2"], 0, 0.1);
  EXPECT_GT(at_128["ridge"]["r2"], 0.95);
  EXPECT_GT(at_128["ridge"]["r2"], at_128["forest"]["r2"]);
  EXPECT_LT(at_128["forest"]["relative_mae"], 0.5);
  EXPECT_EQ(at_128["ridge"]["wins"], 1);
  EXPECT_GT(at_128["ridge"]["coverage_90"], 0.75);

  EXPECT_THAT(text_of("r/report.html"), HasSubstr("relative CRPS"));
  EXPECT_THAT(text_of("r/report.md"), HasSubstr("R2 by table at 128 shots"));
  EXPECT_THAT(text_of("r/results_numbers.csv"), HasSubstr("ridge,prices,128,40,50,"));
  const std::string report = text_of("r/report.html");
  const ProgramResult again = run_manyshot({"evaluate", "--out", folder_ / "r", "--report-only"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(text_of("r/report.html"), report);
}

TEST_F(EvaluateTest, NumbersAloneHaveNoFilesOfClasses) {
  const std::string table = folder_.write("prices.csv", number_table_text(120));
  const ProgramResult result = run_manyshot({"evaluate", "--tables", table, "--out", folder_ / "r", "--models",
                                             "mean,knn", "--shots", "16", "--protocol", "fixed"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("numbers by labelled rows (shots), mean over 1 tables"));
  EXPECT_THAT(result.err, Not(HasSubstr("accuracy by labelled rows")));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "r/predictions_numbers.parquet"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "r/predictions.parquet"));
  // The same file with a class for each number is another task.
  const ProgramResult classes = run_manyshot({"evaluate", "--tables", table, "--out", folder_ / "r", "--models", "knn",
                                              "--shots", "16", "--protocol", "fixed", "--task", "classification"});
  EXPECT_EQ(classes.exit_code, 2);
  EXPECT_THAT(classes.err, HasSubstr("--task"));
}

TEST_F(EvaluateTest, ModelsAndTablesThatDoNotFitAreNamed) {
  const std::string table = folder_.write("prices.csv", number_table_text(120));
  const ProgramResult numbers = run_manyshot(
      {"evaluate", "--tables", table, "--out", folder_ / "numbers", "--models", "majority,mean", "--shots", "16"});
  EXPECT_EQ(numbers.exit_code, 0) << numbers.err;
  EXPECT_THAT(numbers.err, HasSubstr("majority predicts classes, and no table asks for them"));
  const ProgramResult classes = evaluate("r", {"--models", "ridge,majority", "--shots", "16"});
  EXPECT_THAT(classes.err, HasSubstr("ridge predicts numbers, and no table asks for them"));
  const ProgramResult none =
      run_manyshot({"evaluate", "--tables", table, "--out", folder_ / "none", "--models", "majority", "--shots", "16"});
  EXPECT_THAT(none.err, HasSubstr("prices.csv: none of the models predicts numbers; add some of \"mean\""));
}

TEST_F(EvaluateTest, UnreadableTablesAreNamedAndCounted) {
  folder_.write("tables/broken.csv", "x,label\n1,0\n2\n3,1\n");
  folder_.write("tables/empty.csv", "");
  folder_.write("tables/one.csv", "x,label\n1,0\n2,0\n");
  const ProgramResult result = evaluate("r", few({"--json"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["skipped_tables"], 3);
  EXPECT_THAT(result.err, HasSubstr("skipped: "));
  EXPECT_THAT(result.err, HasSubstr("broken.csv"));
  EXPECT_THAT(result.err, HasSubstr("empty.csv"));
  EXPECT_THAT(result.err, HasSubstr("has only one value"));
  EXPECT_EQ(summary_of("r")["skipped_tables"].size(), 3u);
}

// No column says anything, and no model but the majority can be fitted.
std::string flat_table_text(int rows) {
  std::string text = "x,label\n";
  for (int row = 0; row < rows; ++row) text += fmt::format("1,{}\n", row % 3);
  return text;
}

TEST_F(EvaluateTest, ModelsThatCannotDoATableFailThereOnly) {
  folder_.write("tables/flat.csv", flat_table_text(400));
  const ProgramResult result =
      evaluate("r", {"--models", "default+ensemble=1,majority", "--shots", "64", "--json", "--max-queries", "10"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const json line = json::parse(result.out), summary = summary_of("r");
  EXPECT_EQ(line["failed_units"], 1);
  for (const json& unit : summary["units"]) {
    EXPECT_EQ(unit.contains("error"), unit["model"] == "default+ensemble=1" && unit["table"] == "flat");
  }
  EXPECT_THAT(text_of("r/results.csv"), HasSubstr("two different values"));
}

TEST_F(EvaluateTest, PublishedNumbersNeedTheName) {
  ProgramResult result = run_manyshot({"evaluate", "--tables", folder_ / "tables", "--out", folder_ / "r", "--models",
                                       "majority", "--shots", "32", "--compare", "published"});
  EXPECT_THAT(result.err, HasSubstr("none of the tables"));
  folder_.write("tables/Vehicle.csv", table_text(100, 4));
  result = run_manyshot({"evaluate", "--tables", folder_ / "tables", "--out", folder_ / "r", "--models", "majority",
                         "--shots", "32", "--compare", "published"});
  EXPECT_THAT(result.err, HasSubstr("Vehicle, 32 shots:"));
  EXPECT_THAT(result.err, HasSubstr("measured"));
  EXPECT_THAT(result.err, HasSubstr("quoted    0.629  MachineLearningLM"));
}

TEST_F(EvaluateTest, WhatIsNotComparableWithThePaperSaysSo) {
  folder_.write("tables/Vehicle.csv", table_text(100, 4));
  const std::vector<std::string> arguments{"evaluate", "--tables", folder_ / "tables", "--models", "majority",
                                           "--shots",  "32",       "--compare",        "published"};
  const auto run = [&](const std::string& out, std::vector<std::string> more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    more.insert(more.end(), {"--out", folder_ / out});
    return run_manyshot(more).err;
  };
  EXPECT_THAT(run("all", {}), Not(HasSubstr("not comparable")));
  EXPECT_THAT(text_of("all/report.md"), HasSubstr("**Vehicle (comparable: "));
  EXPECT_THAT(text_of("all/report.md"), HasSubstr("\n| majority | measured here | 0."));
  EXPECT_THAT(text_of("all/report.md"),
              HasSubstr("\n| MachineLearningLM | quoted, comparison with TabuLa-8B | 0.629 |"));
  EXPECT_THAT(run("few", {"--max-queries", "7"}),
              HasSubstr("Vehicle, 32 shots, not comparable (only the first 7 of 20 test rows):"));
  EXPECT_THAT(text_of("few/report.md"), HasSubstr("**Vehicle (not comparable: only the first 7 of 20 test rows)**"));
  EXPECT_THAT(text_of("few/report.html"), HasSubstr("Vehicle (not comparable: only the first 7 of 20 test rows)"));
  EXPECT_THAT(run("fixed", {"--protocol", "fixed"}),
              HasSubstr("not comparable (protocol \"fixed\" instead of \"paper\")"));
}

TEST_F(EvaluateTest, TheAccuracyTableIsAligned) {
  folder_.write("tables/flat.csv", flat_table_text(400));
  const ProgramResult result =
      run_manyshot({"evaluate", "--tables", folder_ / "tables", "--out", folder_ / "r", "--models",
                    "majority,default+ensemble=1", "--shots", "16,250", "--max-queries", "5"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("\nshots                   16      250\nmajority            0[.][0-9]{4}   "
                                        "0[.][0-9]{4}\ndefault[+]ensemble=1  0[.][0-9]{4}[*]       -"
                                        "\ntables                   3        1\n[*] over fewer tables: "));
  EXPECT_THAT(result.err, Not(HasSubstr(" \n")));
}

TEST_F(EvaluateTest, AModelWithoutAnyResultEndsWithOne) {
  const std::string flat = folder_.write("flat.csv", flat_table_text(400));
  const ProgramResult result = run_manyshot({"evaluate", "--tables", flat, "--out", folder_ / "r", "--models",
                                             "default+ensemble=1,majority", "--shots", "16,64", "--max-queries", "5"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("error: default+ensemble=1 has no result; units that failed: 2, the first (table "
                                    "flat, 16 shots) because none of the 1 columns has two different values"));
  EXPECT_THAT(result.err, Not(HasSubstr("majority has no result")));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "r/report.html")) << "of the models that have results";
}

TEST_F(EvaluateTest, ARowOfTheMajoritysAnswersAloneIsNoResult) {
  const std::string table = folder_.write("one.csv", table_text(200, 3));
  const ProgramResult result = run_manyshot({"evaluate", "--tables", table, "--out", folder_ / "r", "--models",
                                             "majority,knn", "--shots", "1,16", "--max-queries", "20"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("\nmajority  0[.][0-9]{4}   0[.][0-9]{4}\nknn      majority  0[.][0-9]{4}\n"));
  EXPECT_THAT(result.err, HasSubstr("\nmajority: no result, since all answers were"));
  EXPECT_THAT(text_of("r/results_per_split.csv"), Not(HasSubstr("knn (1 shots)")));
  const std::string report = text_of("r/report.md");
  EXPECT_THAT(report, HasSubstr("knn has no result at 1 shots: all its answers there are"));
  EXPECT_THAT(report, HasSubstr("| knn | – majority alone | "));
  EXPECT_THAT(report, Not(HasSubstr("()"))) << "intervals over one table";
}

// A number of labelled rows that every table has and no method of numbers can use: one value of the target.
TEST_F(EvaluateTest, NumbersWithoutAnyResultAreAFailure) {
  std::string text = "x,target\n";
  for (int row = 0; row < 60; ++row) text += fmt::format("5,{}.5\n", row);
  std::filesystem::create_directories(folder_ / "constant");
  folder_.write("constant/t.csv", text);
  const ProgramResult result = run_manyshot({"evaluate", "--tables", folder_ / "constant", "--models", "ridge",
                                             "--shots", "8", "--out", folder_ / "constant-out"});
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("ridge has no result; units that failed: 1, the first (table t, 8 shots) because"));
}

TEST_F(EvaluateTest, TwoRunsAreCompared) {
  ASSERT_EQ(evaluate("one", {"--models", "forest,majority", "--shots", "8,64"}).exit_code, 0);
  ASSERT_EQ(evaluate("other", {"--models", "forest,knn", "--shots", "8,64,100"}).exit_code, 0);
  const ProgramResult result =
      run_manyshot({"evaluate", "--compare", folder_ / "one", folder_ / "other", "--out", folder_ / "comparison"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("\nknn minus majority\n  accuracy at 64 shots .*first  second +difference\n"));
  EXPECT_THAT(result.err, ContainsRegex("\n  mean of [0-9] tables at 8 shots +0[.][0-9]{3} +0[.][0-9]{3} +[+-]?0[.]"));
  EXPECT_THAT(result.err, HasSubstr("note: forest is right about the same rows in both runs"));
  EXPECT_THAT(text_of("comparison/comparison.md"), HasSubstr("## knn minus majority"));
  EXPECT_THAT(text_of("comparison/comparison.html"), HasSubstr("Comparison of two evaluations"));
  const json found = json::parse(text_of("comparison/comparison.json"));
  const ProgramResult as_json =
      run_manyshot({"evaluate", "--compare", (folder_ / "one") + "," + (folder_ / "other"), "--json"});
  const json printed = json::parse(as_json.out);
  expect_documented(printed, "evaluate");
  for (const auto& [key, value] : found.items()) EXPECT_EQ(printed[key], value) << key;
  // The differences are those of the summaries' accuracies.
  const auto accuracy_of = [&](const char* run, const char* model, const json& table) {
    const json summary = summary_of(run);
    for (const json& cell : summary["cells"]) {
      if (cell["model"] == model && cell["table"] == table && cell["shots"] == 64)
        return cell["mean"]["accuracy"].get<double>();
    }
    return std::nan("");
  };
  for (const json& table : found["models"][0]["shots"][1]["tables"]) {
    EXPECT_NEAR(table["accuracy"]["difference"].get<double>(),
                accuracy_of("other", "knn", table["table"]) - accuracy_of("one", "majority", table["table"]), 1e-12);
  }
}

TEST_F(EvaluateTest, WhatCannotBeComparedIsNamed) {
  const std::string nothing = folder_ / "nothing";
  const auto expect_error = [](const std::vector<std::string>& arguments, const std::string& message) {
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  expect_error({"evaluate", "--compare", "publishd"}, "expected published, or the folders of two finished runs");
  expect_error({"evaluate", "--compare", nothing, nothing}, "holds no finished evaluation");
  expect_error({"evaluate", "--compare", nothing, nothing, "--tables", folder_ / "tables"}, "leave --tables out");
}

TEST_F(EvaluateTest, MistakesAreNamed) {
  const auto expect_error = [&](std::vector<std::string> arguments, const std::string& message) {
    const ProgramResult result = evaluate("e", std::move(arguments));
    EXPECT_EQ(result.exit_code, 2) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  expect_error({"--shots", "8,many"}, "--shots: expected a list of whole numbers, got \"8,many\"");
  expect_error({"--shots", "0"}, "--shots: expected whole numbers from 1");
  expect_error({"--seeds", "4294967296"}, "--seeds: expected whole numbers from 0 to 4294967295");
  expect_error({"--models", "forrest"}, "did you mean \"forest\"?");
  expect_error({"--models", "knn,knn"}, "--models: \"knn\" is named twice");
  expect_error({"--models", "default+ensembel=1"},
               "--models: \"default+ensembel=1\": unknown option \"ensembel\"; did you mean \"ensemble\"?");
  expect_error({"--models", "default+ensemble=0"},
               "--models: \"default+ensemble=0\": ensemble: expected auto or a whole number of at least 1, got \"0\"");
  expect_error({"--models", "knn", "--baseline", "forest"}, "--baseline: \"forest\" is not among the models");
  expect_error({"--protocol", "published"}, "paper or fixed");
  expect_error({"--shard", "3"}, "--shard: expected I/N");
  expect_error({"--models", "knn", "--target", "clas"}, "none of the 2 tables can be used");
  const auto expect_error_of = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), "evaluate");
    const ProgramResult result = run_manyshot(arguments);
    EXPECT_EQ(result.exit_code, 2) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  const std::string tables = folder_ / "tables", file = folder_.write("file", "x");
  expect_error_of({}, "--tables is needed");
  expect_error_of({"--tables", tables, "--models", "knn"}, "--out is needed");
  expect_error_of({"--tables", tables, "--models", "knn", "--out", file}, "cannot make this folder");
  expect_error_of({"--tables", folder_ / "none", "--models", "knn", "--out", folder_ / "e"}, "no such file or folder");
  std::filesystem::create_directory(folder_ / "bare");
  expect_error_of({"--tables", folder_ / "bare", "--models", "knn", "--out", folder_ / "e"},
                  "no .csv or .parquet file");
  expect_error_of({"--tables", tables + "," + tables + "/a.csv", "--models", "knn", "--out", folder_ / "e"},
                  "the second table called \"a\"");
}

TEST_F(EvaluateTest, ALedgerKeepsToItsOptionsTablesAndProcess) {
  const std::vector<std::string> knn{"--models", "knn", "--shots", "8"};
  ASSERT_EQ(evaluate("r", knn).exit_code, 0);
  const auto expect_error = [&](std::vector<std::string> more, const std::string& message) {
    more.insert(more.begin(), knn.begin(), knn.end());
    const ProgramResult result = evaluate("r", more);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  expect_error({"--protocol", "fixed"}, "made with --protocol \"paper\", now \"fixed\"");
  expect_error({"--max-queries", "5"}, "made with --max-queries null, now 5");
  folder_.write("tables/a.csv", table_text(201, 2));
  expect_error({}, "table \"a\" has changed");
  folder_.write("r/ledger.sqlite", std::string(4096, 'x'));
  expect_error({}, "this is no ledger");
}

TEST_F(EvaluateTest, CtrlCKeepsWhatIsFinished) {
  ProgramOptions interrupted;
  interrupted.meanwhile = [&](pid_t process) {
    while (!std::filesystem::exists(folder_ / "i/ledger.sqlite-wal")) usleep(1000);
    usleep(100'000);
    kill(process, SIGINT);
  };
  const ProgramResult result =
      evaluate("i", {"--models", "xgboost", "--shots", "8,16,32,64", "--seeds", "1,2,3,4,5,6,7,8,9", "--threads", "1"},
               interrupted);
  EXPECT_EQ(result.signal, SIGINT) << result.err;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "i/summary.json"));
}

}  // namespace
}  // namespace manyshot
