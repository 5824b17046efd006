#include "evaluate/report/prediction_page.h"

#include <gmock/gmock.h>

#include "support/html_check.h"

namespace manyshot::report {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Three rows of two classes; the last row's class is one that no labelled row has.
PredictionTally example(bool has_truth) {
  PredictionTally tally(2);
  const std::vector<std::vector<std::string>> kept{{"A <1>", "B"}}, more{{"C"}};
  const std::vector<int32_t> truth = has_truth ? std::vector<int32_t>{0, 0} : std::vector<int32_t>{};
  tally.add(std::vector<uint64_t>{0, 1}, std::vector<double>{0.9, 0.1, 0.45, 0.55}, std::vector<int32_t>{0, 1}, truth,
            kept);
  tally.add(std::vector<uint64_t>{2}, std::vector<double>{0.3, 0.7}, std::vector<int32_t>{1},
            has_truth ? std::vector<int32_t>{-2} : std::vector<int32_t>{}, more);
  return tally;
}

PredictionFacts facts() {
  return {.facts = {{"target", "a & b"}},
          .classes = {"<no>", "yes"},
          .class_counts = {3, 1},
          .kept_names = {"id"},
          .beside = {{"majority", Metrics{}}},
          .model = "default",
          .label_metric = "accuracy"};
}

TEST(PredictionTally, CountsConfidenceAndConfusion) {
  const PredictionTally tally = example(/*has_truth=*/true);
  EXPECT_EQ(tally.num_rows(), 3u);
  EXPECT_EQ(tally.num_scored(), 3u);
  EXPECT_THAT(tally.predicted(), ElementsAre(1, 2));
  EXPECT_THAT(tally.confusion(), ElementsAre(ElementsAre(1, 1), ElementsAre(0, 0), ElementsAre(0, 1)));
  EXPECT_EQ(tally.confidence_bins()[18], 1u);
  EXPECT_EQ(tally.confidence_bins()[11], 1u);
  EXPECT_DOUBLE_EQ(tally.expected()[0], 0.9 + 0.45 + 0.3);
  EXPECT_NEAR(tally.metrics().accuracy, 1.0 / 3, 1e-12);
}

TEST(PredictionTally, KeepsTheLeastSureRows) {
  PredictionTally tally(2);
  for (uint64_t row = 0; row < 100; ++row) {
    const double p = 0.5 + static_cast<double>((row * 37) % 100) / 250;
    tally.add(std::vector<uint64_t>{row}, std::vector<double>{p, 1 - p}, std::vector<int32_t>{0}, {}, {});
  }
  const std::vector<ShownPrediction> shown = tally.least_sure();
  ASSERT_THAT(shown, SizeIs(20));
  for (size_t i = 0; i < shown.size(); ++i) {
    EXPECT_EQ((shown[i].row * 37) % 100, i);
    EXPECT_EQ(shown[i].runner_up, 1);
  }
}

TEST(PredictionPage, ShowsScoresConfusionAndCalibrationOfLabelledRows) {
  const HtmlPage page = read_html(prediction_page(example(/*has_truth=*/true), facts()));
  EXPECT_THAT(page.problem, IsEmpty());
  EXPECT_THAT(page.figures, SizeIs(3)) << "confidence, confusion, calibration";
  EXPECT_THAT(page.text, AllOf(HasSubstr("Scores on 3 rows with a label"), HasSubstr("majority"), HasSubstr("AUC"),
                               HasSubstr("Confusion matrix"), HasSubstr("(another class)"), HasSubstr("A <1>"),
                               HasSubstr("<no>"), HasSubstr("a & b"), HasSubstr("Calibration")));
}

TEST(PredictionPage, WithoutLabelsShowsConfidenceAlone) {
  const HtmlPage page = read_html(prediction_page(example(/*has_truth=*/false), facts()));
  EXPECT_THAT(page.problem, IsEmpty());
  EXPECT_THAT(page.figures, SizeIs(1));
  EXPECT_THAT(page.text,
              AllOf(HasSubstr("Least sure rows"), Not(HasSubstr("Confusion matrix")), Not(HasSubstr("AUC"))));
}

}  // namespace
}  // namespace manyshot::report
