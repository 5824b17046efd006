#include "evaluate/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/files.h"
#include "evaluate/report/summary_index.h"
#include "evaluate/summary/example_summary.h"
#include "evaluate/summary/summary_json.h"
#include "report/figure.h"
#include "support/error.h"
#include "support/html_check.h"
#include "support/temporary_folder.h"

namespace manyshot::report {
namespace {

using testing::example_summary;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StrEq;

constexpr size_t kShots = 8, kMetricViews = 5, kAspects = 4;

const Summary& summary() {
  static const Summary kSummary = example_summary();
  return kSummary;
}

const HtmlPage& page() {
  static const HtmlPage kPage = read_html(report_page(summary()));
  return kPage;
}

// Charts in the order of the page.
enum ChartPlace : size_t {
  kMetricCurves,
  kCost,
  kHeatMap,
  kAgainstForest,
  kDistributions,
  kReliability,
  kAnswers,
  kFirstTable
};

const Json& figure(size_t chart, size_t view, size_t panel = 0) {
  return page().figures.at(chart)[view][panel]["figure"];
}

void expect_number(const Json& drawn, double value) {
  if (std::isnan(value)) {
    EXPECT_TRUE(drawn.is_null()) << drawn;
  } else {
    ASSERT_TRUE(drawn.is_number()) << drawn << " instead of " << value;
    EXPECT_NEAR(drawn.get<double>(), value, 1e-5 * std::max(1.0, std::abs(value)));
  }
}

const AverageSummary* average_of(size_t model, uint64_t shots) {
  for (const AverageSummary& average : summary().averages) {
    if (average.model == model && average.shots == shots && average.tables > 0) return &average;
  }
  return nullptr;
}

double cell_metric(size_t model, size_t table, uint64_t shots, Metric metric) {
  for (const CellSummary& cell : summary().cells) {
    if (cell.model == model && cell.table == table && cell.shots == shots && cell.seeds > 0) return cell.mean[metric];
  }
  return kNotAvailable;
}

TEST(Report, IsWellFormed) {
  EXPECT_EQ(page().problem, "");
  EXPECT_EQ(page().figures.size(), kFirstTable + summary().tables.size());
}

TEST(Report, CurvesCarryMeansAndIntervals) {
  for (size_t place_of_metric = 0; place_of_metric < kMetrics.size(); ++place_of_metric) {
    const Metric metric = kMetrics[place_of_metric];
    const Json& traces = figure(kMetricCurves, place_of_metric * kAspects)["data"];
    ASSERT_EQ(traces.size(), summary().models.size());
    for (size_t model = 0; model < traces.size(); ++model) {
      EXPECT_EQ(traces[model]["name"], summary().models[model].name);
      EXPECT_EQ(traces[model]["customdata"], Json(summary().run.shots));
      for (size_t place = 0; place < kShots; ++place) {
        const AverageSummary* average = average_of(model, summary().run.shots[place]);
        const MetricSummary expected = average == nullptr ? MetricSummary{} : average->metrics[metric];
        expect_number(traces[model]["y"][place], expected.mean);
        expect_number(traces[model]["error_y"]["array"][place], expected.interval.high - expected.mean);
        expect_number(traces[model]["error_y"]["arrayminus"][place], expected.mean - expected.interval.low);
      }
    }
  }
}

TEST(Report, WhiskersStandSideBySide) {
  const Json& traces = figure(kMetricCurves, 0)["data"];
  for (size_t place = 0; place < kShots; ++place) {
    const auto shots = static_cast<double>(summary().run.shots[place]);
    for (size_t model = 0; model < traces.size(); ++model) {
      const double x = traces[model]["x"][place];
      EXPECT_GT(x, shots / 1.3);
      EXPECT_LT(x, shots * 1.3);
      if (model > 0) {
        EXPECT_GT(x, traces[model - 1]["x"][place].get<double>());
      }
    }
  }
  EXPECT_EQ(figure(kMetricCurves, 3)["data"][1]["x"], Json(summary().run.shots)) << "ranks have no whiskers";
}

TEST(Report, CurvesCarryDifferencesDistancesAndRanks) {
  const AverageSummary& average = *average_of(0, 64);
  const size_t place = 3, log_loss = 3;
  const MetricSummary& metric = average.metrics[Metric::kLogLoss];
  const auto drawn = [&](size_t aspect) { return figure(kMetricCurves, log_loss * kAspects + aspect)["data"][0]; };
  expect_number(drawn(1)["y"][place], metric.difference);
  expect_number(drawn(1)["error_y"]["array"][place], metric.difference_interval.high - metric.difference);
  expect_number(drawn(2)["y"][place], metric.relative_to_forest);
  expect_number(drawn(3)["y"][place], metric.average_rank);
  EXPECT_EQ(figure(kMetricCurves, log_loss * kAspects + 3)["layout"]["yaxis"]["autorange"], "reversed");
}

TEST(Report, CostsPerQuery) {
  expect_number(figure(kCost, 0)["data"][2]["y"][7], average_of(2, 1024)->seconds_per_query);
  expect_number(figure(kCost, 1)["data"][5]["y"][0], average_of(5, 8)->tokens_per_query);
  for (const Json& tick : figure(kCost, 0)["layout"]["yaxis"]["ticktext"])
    EXPECT_THAT(tick.get<std::string>(), ::testing::MatchesRegex("[0-9]+ (s|ms|µs|ns)"));
}

TEST(Report, TimesHaveAUnitThatFits) {
  EXPECT_EQ(time_text(12.34), "12.3 s");
  EXPECT_EQ(time_text(0.0456), "45.6 ms");
  EXPECT_EQ(time_text(7.891e-6), "7.89 µs");
  EXPECT_EQ(time_text(2e-10), "0.20 ns");
  EXPECT_EQ(time_text(kNotAvailable), "–");
}

TEST(Report, HeatMapHasEveryCell) {
  constexpr Metric kMetric[] = {Metric::kAccuracy, Metric::kBalancedAccuracy, Metric::kLogLoss, Metric::kAuc,
                                Metric::kEce};
  for (const size_t shots : {0, 5, 7}) {
    for (size_t metric = 0; metric < kMetricViews; ++metric) {
      const Json& trace = figure(kHeatMap, shots * kMetricViews + metric)["data"][0];
      ASSERT_EQ(trace["z"].size(), summary().tables.size());
      EXPECT_EQ(trace["reversescale"], metric == 2 || metric == 4) << "a low log loss or ECE is good";
      for (size_t table = 0; table < summary().tables.size(); ++table) {
        for (size_t model = 0; model < summary().models.size(); ++model)
          expect_number(trace["z"][table][model],
                        cell_metric(model, table, summary().run.shots[shots], kMetric[metric]));
      }
    }
  }
  const Json& names = figure(kHeatMap, 0)["data"][0]["y"];
  EXPECT_NE(names[38], names[39]);
}

TEST(Report, EveryTableStandsAgainstTheForest) {
  const Json& traces = figure(kAgainstForest, 3)["data"];
  ASSERT_EQ(traces.size(), 1 + 5u) << "the diagonal, and all models but the forest";
  const Json& knn = traces[3];
  EXPECT_EQ(knn["name"], "knn");
  ASSERT_EQ(knn["x"].size(), summary().tables.size());
  for (size_t table = 0; table < summary().tables.size(); ++table) {
    expect_number(knn["x"][table], cell_metric(2, table, 64, Metric::kAccuracy));
    expect_number(knn["y"][table], cell_metric(3, table, 64, Metric::kAccuracy));
  }
  EXPECT_EQ(traces[5]["x"].size(), summary().tables.size() - 1) << "the writer failed on one table";
  EXPECT_TRUE(figure(kAgainstForest, 7)["data"][5]["x"].empty()) << "and on all at 1024 shots";
}

TEST(Report, DistributionsHoldEveryTable) {
  const Json& box = figure(kDistributions, 3 * kMetricViews + 3)["data"][0];  // AUC at 64 shots
  EXPECT_EQ(box["y"].size(), summary().tables.size() - 1) << "one table has no AUC";
  EXPECT_EQ(box["text"].size(), box["y"].size());
}

TEST(Report, ReliabilityBeforeAndAfterCalibration) {
  const Json& panels = page().figures.at(kReliability)[3];
  ASSERT_EQ(panels.size(), summary().models.size());
  const Json& traces = panels[0]["figure"]["data"];
  ASSERT_EQ(traces.size(), 4u) << "diagonal, shares, before, after";
  const std::vector<ReliabilityBin>& bins = average_of(0, 64)->reliability;
  double rows = 0, gaps = 0;
  size_t drawn = 0;
  for (const ReliabilityBin& bin : bins) {
    rows += static_cast<double>(bin.rows);
    gaps += std::abs(static_cast<double>(bin.correct) - bin.confidence);
    if (bin.rows == 0) continue;
    expect_number(traces[3]["x"][drawn], bin.confidence / static_cast<double>(bin.rows));
    expect_number(traces[3]["y"][drawn], static_cast<double>(bin.correct) / static_cast<double>(bin.rows));
    EXPECT_EQ(traces[3]["customdata"][drawn++], bin.rows);
  }
  EXPECT_EQ(traces[3]["x"].size(), drawn);
  double shares = 0;
  for (const Json& share : traces[1]["y"]) shares += share.get<double>();
  EXPECT_NEAR(shares, 1, 1e-4);
  EXPECT_THAT(panels[0]["title"].get<std::string>(),
              HasSubstr(fmt::format("default: ECE {:.3f}, before calibration", gaps / rows)));
  EXPECT_EQ(panels[2]["figure"]["data"].size(), 3u) << "the forest has one line";
}

TEST(Report, AnswersByLayer) {
  const Json& traces = figure(kAnswers, 0)["data"];
  ASSERT_EQ(traces.size(), 4u);
  double sum = 0;
  for (const Json& trace : traces) sum += trace["x"][0].get<double>();
  EXPECT_NEAR(sum, 1, 1e-5);
  expect_number(traces[0]["x"][0], 50.0 / 60);
  EXPECT_EQ(page().figures.at(kAnswers).size(), 7u) << "no answers at 1024 shots";
}

TEST(Report, EachTableHasItsCurves) {
  const Json& trace = figure(kFirstTable + 7, 2)["data"][2];  // table_07, log loss, the forest
  for (size_t place = 0; place < kShots; ++place)
    expect_number(trace["y"][place], cell_metric(2, 7, summary().run.shots[place], Metric::kLogLoss));
}

TEST(Report, WordsAndTablesSayWhatHappened) {
  const std::string& text = page().text;
  EXPECT_THAT(text, HasSubstr("6 models answered up to 2,400 test rows of 40 tables, behind 8 to 1024 labelled rows"));
  EXPECT_THAT(text, HasSubstr("2 tables could not be used"));
  EXPECT_THAT(text, HasSubstr("tables/one_class.csv: the target has one class"));
  EXPECT_THAT(text, HasSubstr("the prompt has 9,120 tokens, the model takes 8,192"));
  EXPECT_THAT(text, HasSubstr("quoted, Table 3"));
  EXPECT_THAT(text, HasSubstr("measured here"));
  EXPECT_THAT(text, HasSubstr("table_01 (not comparable: protocol \"fixed\" instead of \"paper\")"));
  EXPECT_THAT(text, HasSubstr(R"([{"id": 0, "label": 1}, {"id": 1, "label": 2}])"));
  EXPECT_THAT(text, HasSubstr("Example CPU @ 3.0 GHz"));
  EXPECT_THAT(text, HasSubstr(summary().tables[17].hash));
  EXPECT_THAT(text, HasSubstr("table_00, table_01"));
}

TEST(Report, MarkdownHasTheHeadlineAndNoTableByTablePart) {
  const std::string markdown = report_markdown(summary());
  EXPECT_THAT(markdown, HasSubstr(fmt::format("| forest | {:.3f}", average_of(2, 8)->metrics[Metric::kAccuracy].mean)));
  EXPECT_THAT(markdown, HasSubstr("quoted, Table 3"));
  EXPECT_THAT(markdown, Not(HasSubstr("Each table")));
  EXPECT_LT(markdown.size(), 60'000u);
}

TEST(Report, HostileNamesStayText) {
  Summary hostile = summary();
  const std::string name = "</script><script>alert(1)</script>\n\"'<!-- \xff|`";
  hostile.tables[0].name = hostile.tables[0].target = hostile.tables[0].classes[0] = name;
  hostile.models[0].name = hostile.run.processor = hostile.examples[0].prompt = name;
  hostile.units[0].notes = {name};
  hostile.skipped_tables[0] = {name, name};
  hostile.run.options["tables"] = name;
  const HtmlPage page = read_html(report_page(hostile));
  EXPECT_EQ(page.problem, "");
  EXPECT_EQ(page.scripts, 2 + page.figures.size());
  EXPECT_EQ(page.figures.size(), kFirstTable + hostile.tables.size());
  EXPECT_EQ(page.figures[kMetricCurves][0][0]["figure"]["data"][0]["name"],
            "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; \"'&lt;!-- \uFFFD|`");
  EXPECT_THAT(report_markdown(hostile), Not(HasSubstr("<script")));
}

TEST(Report, ASummaryWithoutResultsIsAReportToo) {
  Summary empty;
  EXPECT_EQ(read_html(report_page(empty)).problem, "");
  empty.run.shots = {8};
  empty.models = {{.name = "forest"}};
  empty.tables = {{.name = "a"}};
  empty.skipped_tables = {{"b.csv", "unreadable"}};
  const HtmlPage page = read_html(report_page(empty));
  EXPECT_EQ(page.problem, "");
  EXPECT_THAT(page.text, HasSubstr("No unit has a result."));
  EXPECT_THAT(page.text, HasSubstr("unreadable"));
}

TEST(Report, CsvHasARowForEachCell) {
  const TemporaryFolder folder;
  write_report(summary(), folder.path());
  EXPECT_THAT(folder.names(), ::testing::UnorderedElementsAre("report.html", "report.md", "report.csv"));
  EXPECT_EQ(read_file(folder / "report.html"), report_page(summary())) << "the same summary, the same bytes";
  const std::string csv = read_file(folder / "report.csv");
  size_t with_result = 0;
  for (const CellSummary& cell : summary().cells) with_result += cell.seeds > 0 ? 1 : 0;
  EXPECT_EQ(static_cast<size_t>(std::count(csv.begin(), csv.end(), '\n')), 1 + with_result);
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "model,table,shots,seeds,queries,accuracy,balanced_accuracy,macro_f1,log_loss,auc,brier,ece,"
            "accuracy_low,accuracy_high,difference,difference_low,difference_high");
  EXPECT_THAT(csv,
              HasSubstr(fmt::format("\ndefault,table_00,8,2,120,{:.6g},", cell_metric(0, 0, 8, Metric::kAccuracy))));
  EXPECT_NE(csv.find(",,"), std::string::npos) << "what does not exist is an empty cell";
  EXPECT_EQ(csv.find(",nan"), std::string::npos);
  EXPECT_EQ(csv.find(",-nan"), std::string::npos);
}

TEST(Report, AFolderThatIsNotThere) {
  EXPECT_ERROR(write_report(Summary{}, "/no/such/folder"), ErrorKind::kBadInput,
               StrEq(error_of([] { write_file("/no/such/folder/report.html", ""); }).what()));
}

TEST(Report, IsMadeAgainFromTheSummaryFile) {
  const TemporaryFolder folder;
  folder.write("summary.json", to_json(testing::example_summary()).dump());
  rewrite_report(folder.path());
  EXPECT_THAT(read_file(folder / "report.html"), HasSubstr("6 models on 40 tables"));
}

}  // namespace
}  // namespace manyshot::report
