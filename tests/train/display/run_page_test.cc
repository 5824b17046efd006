// The page of a run: what it says of a finished run, of one under way, and of numbers that are not there.
#include "train/display/run_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/figure.h"

namespace manyshot::train {
namespace {

using report::Chart;
using report::Document;
using report::html_document;
using report::markdown_document;
using report::Section;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Json> metrics_of(int steps) {
  std::vector<Json> metrics;
  for (int step = 1; step <= steps; ++step) {
    metrics.push_back({{"step", step},
                       {"stage", step <= steps / 2 ? "warm & up" : "main"},
                       {"loss", 2.0 / step},
                       {"accuracy", 0.5},
                       {"learning_rate", 0.01},
                       {"gradient_norm", 1.5},
                       {"tokens_per_second", 1000.0 + step},
                       {"memory_bytes", 1 << 30}});
  }
  const Json first = {{"step", steps / 2}, {"eval_accuracy", 0.25}, {"eval_accuracy_8", 0.25}};
  metrics.insert(metrics.begin() + steps / 2, first);
  metrics.push_back({{"step", steps}, {"eval_accuracy", 0.75}, {"eval_accuracy_8", 0.75}, {"eval_loss_8", 0.4}});
  return metrics;
}

Json report_of(int steps) {
  return {{"name", "a<b"},
          {"finished", true},
          {"steps", steps},
          {"total_steps", steps},
          {"seconds", 7200.0},
          {"processes", 2},
          {"threads", 4},
          {"core_hours", 16},
          {"tokens", 123456},
          {"samples", 99},
          {"flops", 1e15},
          {"utilisation", 0.5},
          {"general_ability",
           {{"before", {{"knowledge_accuracy", 0.25}, {"knowledge_standard_error", 0.014}, {"perplexity", 12.5}}},
            {"after", {{"knowledge_accuracy", 0.24}, {"knowledge_standard_error", 0.013}, {"perplexity", 13.0}}}}}};
}

const Json kRun = {{"version", "1.2"},
                   {"model", "a small model"},
                   {"recipe", {{"seed", 7}, {"stages", {{{"name", "main"}, {"batch", 3}}}}}},
                   {"inputs", {{{"file", "a.csv"}, {"bytes", 5}, {"crc32", "0000abcd"}}}}};

TEST(RunPage, HasWhatARunIsAskedAbout) {
  const std::string page = markdown_document(run_document(report_of(100), kRun, metrics_of(100)));
  EXPECT_THAT(page, AllOf(HasSubstr("a small model. 100 of 100 steps, 99 samples, 123,456 tokens in 2 h 0 min."),
                          HasSubstr("| held-out tasks: accuracy, % (mean over shots) | 25.0 | 75.0 | +50.0 |"),
                          HasSubstr("| perplexity of text | 12.50 | 13.00 | +0.5000 |"),
                          HasSubstr("| general knowledge: questions right, % | 25.0 | 24.0 | -1.0 |")));
  EXPECT_THAT(page, AllOf(HasSubstr("± 1.3"), HasSubstr("| 16.00 |"), HasSubstr("2 x 4"), HasSubstr("0000abcd"),
                          HasSubstr("50.0 %"), HasSubstr("manyshot 1.2")));
}

TEST(RunPage, IsSelfContainedAndEscapes) {
  const std::string page = html_document(run_document(report_of(100), kRun, metrics_of(100)));
  for (const char* part : {"Training run a&lt;b", "Plotly", "general knowledge"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  for (const char* part : {"<script src", "<link", "run a<b"}) EXPECT_EQ(page.find(part), std::string::npos) << part;
}

TEST(RunPage, CurvesAreThinnedAndSmoothed) {
  const Document document = run_document(report_of(20'000), kRun, metrics_of(20'000));
  const auto curves = std::find_if(document.sections.begin(), document.sections.end(),
                                   [](const Section& section) { return section.title == "Curves"; });
  ASSERT_NE(curves, document.sections.end());
  const Chart& loss = std::get<Chart>(curves->blocks.front());
  const Json& figure = loss.views.front().panels.front().figure;
  ASSERT_EQ(figure["data"].size(), 2u);
  EXPECT_EQ(figure["data"][0]["x"].size(), 1000u);
  EXPECT_EQ(figure["data"][0]["line"]["color"], report::kGuideColour) << "seen on light and on dark";
  EXPECT_EQ(figure["data"][0]["x"].back(), 20'000);
  EXPECT_NEAR(figure["data"][1]["y"][500].get<double>(), 2.0 / 10'000, 2e-5);
  EXPECT_EQ(figure["layout"]["annotations"][0]["text"], "main") << "a stage's beginning is marked";
  EXPECT_LE(loss.views.front().numbers.rows.size(), 20u);
}

TEST(RunPage, TheForestAndTheMajorityStandBesideTheRunsTables) {
  std::vector<Json> metrics = metrics_of(10);
  metrics.push_back({{"step", 10},
                     {"table_accuracy", 0.7},
                     {"table_accuracy_8", 0.7},
                     {"table_forest_accuracy", 0.75},
                     {"table_forest_accuracy_8", 0.75},
                     {"table_majority_accuracy", 0.5}});
  const Document document = run_document(report_of(10), kRun, metrics);
  const auto section = std::find_if(document.sections.begin(), document.sections.end(), [](const Section& candidate) {
    return candidate.title.starts_with("Evaluations");
  });
  ASSERT_NE(section, document.sections.end());
  const Chart& tables = std::get<Chart>(section->blocks.back());
  const Json& traces = tables.views.front().panels.front().figure["data"];
  ASSERT_EQ(traces.size(), 3u);
  EXPECT_EQ(traces[0]["y"], Json({0.7}));
  EXPECT_EQ(traces[1]["y"], Json({0.75}));
  EXPECT_EQ(traces[2]["y"], Json({0.5}));
  EXPECT_EQ(tables.choices.front().options.size(), 2u) << "and the accuracy by shots";
  EXPECT_EQ(std::get<Chart>(section->blocks.front()).views.front().panels.front().figure["data"].size(), 1u)
      << "held-out tasks have no baselines";
  EXPECT_THAT(markdown_document(document), HasSubstr("| tables: the forest's accuracy, % | 75.0 | 75.0 | 0.0 |"));
}

TEST(RunPage, ARunUnderWayOrWithoutNumbersHasAPage) {
  Json report = report_of(50);
  report["finished"] = false;
  report["total_steps"] = 100;
  report.erase("general_ability");
  report["utilisation"] = nullptr;
  const std::string page = markdown_document(run_document(report, kRun, metrics_of(50)));
  EXPECT_THAT(page, AllOf(HasSubstr("50 of 100 steps"), HasSubstr("the run is not at its end"),
                          Not(HasSubstr("General ability"))));
  EXPECT_THAT(markdown_document(run_document(Json::object(), Json::object(), {})), HasSubstr("Training run"));
}

}  // namespace
}  // namespace manyshot::train
