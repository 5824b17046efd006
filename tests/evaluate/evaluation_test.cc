#include "evaluate/evaluation.h"

#include <gtest/gtest.h>

#include "evaluate/ledger.h"
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
      R"("select":"random","max_queries":null,"target":"","task":"auto","ensemble":null,"calibrate":"context",)"
      R"("format":"auto","chat":"auto","compat":"paper","labels":"ids","answers":"scored","teacher":"none",)"
      R"("teacher_seconds":20.0,"adapter":"","dtype":"auto","engine":"auto","base_url":"","api_key_env":"OPENAI_API_KEY",)"
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

}  // namespace
}  // namespace manyshot
