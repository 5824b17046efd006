#include "evaluate/evaluation.h"

#include <gtest/gtest.h>

#include "evaluate/ledger.h"
#include "evaluate/unit_store.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

EvaluateOptions small_evaluation(const TemporaryFolder& folder) {
  EvaluateOptions options;
  options.tables = {folder.write("a.csv", "x,label\n1,no\n2,yes\n3,no\n4,yes\n5,no\n6,yes\n")};
  options.models = {"majority"};
  options.out = folder / "results";
  return options;
}

// Folders of older runs go on, and tools read the options of a run, as long as these stay what they are.
TEST(Evaluation, OptionsInFilesKeepTheirBytes) {
  const TemporaryFolder folder;
  Json options = Evaluation(small_evaluation(folder), "1").summarise().run.options;
  for (const char* path : {"tables", "out"}) options.erase(path);
  EXPECT_EQ(
      options.dump(),
      R"({"models":["majority"],"shots":["8","16","32","64","128","256","512","1024"],"seeds":["40"],)"
      R"("baseline":"majority","compare":null,"shard":"0/1","seed":0,"protocol":"paper",)"
      R"("select":"random","max_queries":null,"target":"","task":"auto","ensemble":"auto","calibrate":"context",)"
      R"("format":"auto","chat":"auto","compat":"paper","labels":"ids","digits":"auto","prompt_columns":"auto",)"
      R"("prompt_tokens":"auto","answers":"scored",)"
      R"("teacher":"none","teacher_seconds":20.0,"adapter":"","dtype":"auto","engine":"auto","base_url":"","api_key_env":"OPENAI_API_KEY",)"
      R"("endpoint_api":"chat","request_timeout_s":600.0,"max_retries":5,"requests_per_minute":0.0,)"
      R"("tokens_per_minute":0.0,"concurrency":4,"response_cache":"","prompt_price":0.0,)"
      R"("answer_price":0.0,"max_tokens":1024,"temperature":0.0,"top_logprobs":10,"request_json":""})");
}

TEST(Evaluation, ALedgerHoldsTheOptionsThatResultsDependOn) {
  const TemporaryFolder folder;
  Evaluation(small_evaluation(folder), "1");
  Json options{{"protocol", "paper"}, {"select", "random"}, {"max_queries", nullptr}, {"target", ""}, {"seed", 0}};
  EXPECT_NO_THROW(Ledger(folder / "results/ledger.sqlite", "1", options));
  options["protocol"] = "fixed";
  EXPECT_ERROR(Ledger(folder / "results/ledger.sqlite", "1", options), ErrorKind::kBadInput,
               "made with --protocol \"paper\", now \"fixed\"");
}

TEST(Evaluation, TablesInMemoryGiveTheNumbersOfFiles) {
  const TemporaryFolder folder;
  std::string text = "x,y,label\n";
  for (int row = 0; row < 60; ++row)
    text += fmt::format("{},{},{}\n", row * 7 % 60, row % 5, row * 7 % 60 < 25 ? "no" : "yes");
  EvaluateOptions options;
  options.models = {"forest", "majority"};
  options.shots = {8, 16, 512};
  EvaluateOptions of_files = options;
  of_files.tables = {folder.write("a.csv", text)};
  of_files.out = folder / "results";
  Evaluation expected(of_files, "1");
  expected.run();
  const auto in_memory = [&] {
    EvaluationTables tables;
    tables.tables.push_back(make_evaluation_table(TableFile::from_bytes(text, "a"), "a", ""));
    return tables;
  };
  Evaluation evaluation(options, "1",
                        {.read_tables = in_memory, .open_units = [] { return std::make_unique<UnitsInMemory>(); }});
  EXPECT_EQ(evaluation.run(), 4u);
  EXPECT_EQ(evaluation.run(), 0u) << "what is finished stays so";
  const Summary found = evaluation.summarise(), wanted = expected.summarise();
  ASSERT_EQ(found.averages.size(), wanted.averages.size());
  for (size_t i = 0; i < found.averages.size(); ++i) {
    for (const Metric metric : {Metric::kAccuracy, Metric::kLogLoss})
      EXPECT_EQ(found.averages[i].metrics[metric].mean, wanted.averages[i].metrics[metric].mean);
  }
  EXPECT_GT(found.averages[1].metrics[Metric::kAccuracy].mean, 0.5);
  EXPECT_EQ(found.short_tables.size(), 1u);
}

TEST(UnitsInMemory, KeepTheLastRecordOfAKey) {
  UnitsInMemory units;
  const UnitKey key{.model = "knn", .table = "a", .shots = 8, .seed = 40};
  EXPECT_FALSE(units.is_finished(key));
  units.add({.key = key, .answers = {0.25, 0.75}});
  units.add({.key = key, .answers = {0.5, 0.5}});
  EXPECT_TRUE(units.is_finished(key));
  EXPECT_EQ(units.find(key)->answers, (std::vector<double>{0.5, 0.5}));
  EXPECT_FALSE(units.find({.model = "knn", .table = "a", .shots = 8, .seed = 41}).has_value());
}

}  // namespace
}  // namespace manyshot
