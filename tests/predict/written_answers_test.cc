// Votes from written answers, layer by layer.
#include "predict/written_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace manyshot {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

const std::vector<uint32_t> kCounts{3, 5, 2};  // the second class is the majority

WrittenAnswers written(const std::string& response, size_t num_queries, std::vector<std::vector<float>> scores = {}) {
  const std::vector<std::string> labels{"0", "1", "2"};
  scores.resize(num_queries);
  return {.response = response, .parsed = parse_answers(response, labels, num_queries), .label_scores = scores};
}

std::vector<float> logs(double a, double b, double c) {
  return {static_cast<float>(std::log(a)), static_cast<float>(std::log(b)), static_cast<float>(std::log(c))};
}

struct Votes {
  std::vector<double> probabilities;
  AnswerReport report;
};
Votes votes(const WrittenAnswers& answers, const std::vector<uint32_t>& counts = kCounts) {
  Votes result{.probabilities = std::vector<double>(answers.parsed.labels.size() * counts.size())};
  add_votes(answers, counts, result.probabilities, result.report);
  return result;
}

TEST(WrittenAnswers, WhatWasWrittenHasTheLargestShare) {
  const Votes both = votes(written(R"([{"id": 0, "label": 2}])", 1, {logs(0.5, 0.2, 0.1)}));
  EXPECT_THAT(both.probabilities,
              ElementsAre(DoubleNear(0.1 / 0.8, 1e-6), DoubleNear(0.25, 1e-6), DoubleNear(0.5 / 0.8, 1e-6)));
  EXPECT_THAT(votes(written(R"([{"id": 0, "label": 2}])", 1)).probabilities, ElementsAre(0, 0, 1))
      << "without probabilities";
  EXPECT_EQ(both.report.by_id, 1u);
}

TEST(WrittenAnswers, EachQueryFallsToTheFirstLayerThatHasAnAnswer) {
  const Votes result = votes(
      written(R"([{"id": 0, "label": 0}, {"id": 1, "label": 9}, {"id": 2, "label": 9}])", 3, {{}, logs(0, 0, 1), {}}));
  EXPECT_THAT(result.probabilities, ElementsAre(1, 0, 0, 0, 0, 1, 0.3, 0.5, 0.2))
      << "without an answer, the rows' shares";
  EXPECT_EQ(result.report.by_id, 1u);
  EXPECT_EQ(result.report.by_probability, 1u);
  EXPECT_EQ(result.report.by_majority, 1u);
  EXPECT_EQ(result.report.unknown_labels, 2u);
  EXPECT_EQ(votes(written(R"([{"label": 0}, {"label": 1}])", 2)).report.by_position, 2u);
}

TEST(WrittenAnswers, ClassesWithoutRowsGetNothing) {
  const std::vector<uint32_t> counts{3, 0, 2};
  const Votes result = votes(
      written(R"([{"id": 0, "label": 1}, {"id": 1, "label": 1}])", 2, {logs(0.1, 0.6, 0.3), logs(0, 1, 0)}), counts);
  EXPECT_THAT(result.probabilities, ElementsAre(DoubleNear(0.25, 1e-6), 0, DoubleNear(0.75, 1e-6), 0.6, 0, 0.4));
  EXPECT_EQ(result.report.unknown_labels, 2u);
  EXPECT_EQ(result.report.by_probability, 1u) << "the other has no likelihood for the classes there are";
  EXPECT_EQ(result.report.by_majority, 1u);
}

TEST(WrittenAnswers, CountsWhatIsWrongWithResponses) {
  AnswerReport report;
  std::vector<double> probabilities(2 * kCounts.size());
  for (const char* response :
       {R"([{"id": 0, "label": 0}, {"id": 1, "label": 1}])", R"(Sure: [{"id": 0, "label": 0}, {"id": 1, "label": 1}])",
        R"([{"id": 0, "label": 0}])", R"([{"id": 1, "label": 0}, {"id": 1, "label": 1}, {"id": 1, "label": 1}])"}) {
    add_votes(written(response, 2), kCounts, probabilities, report);
  }
  EXPECT_EQ(report.responses, 4u);
  EXPECT_EQ(report.invalid_json, 1u);
  EXPECT_EQ(report.wrong_count, 2u);
  EXPECT_EQ(report.duplicate_ids, 1u);
  EXPECT_EQ(report.written_answers(), 8u);
  EXPECT_THAT(describe_written_answers(report), ::testing::HasSubstr("8 written answers: 6 by id"));
}

}  // namespace
}  // namespace manyshot
