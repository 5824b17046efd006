// Answers that language models write, clean and damaged.
#include "encoding/text/answer_parser.h"

#include <gtest/gtest.h>

#include "core/rng.h"

namespace manyshot {
namespace {

const std::vector<std::string> kIds{"0", "1", "10"};
const std::vector<std::string> kNames{"\"no\"", "\"yes \\\"sure\\\"\"", "\"\""};
using Labels = std::vector<int32_t>;

TEST(AnswerParser, ReadsTheArrayById) {
  const ParsedAnswers answers = parse_answers(R"([{"id": 1, "label": 10}, {"id": 0, "label": 1}])", kIds, 2);
  EXPECT_EQ(answers.labels, (Labels{1, 2}));
  EXPECT_FALSE(answers.repaired);
  EXPECT_EQ(answers.sources, std::vector<AnswerSource>(2, AnswerSource::kById));
}

TEST(AnswerParser, TakesLabelsAndIdsAsStringsOrNumbers) {
  EXPECT_EQ(parse_answers(R"([{"id": "1", "label": "10"}, {"id": 0, "label": 1}])", kIds, 2).labels, (Labels{1, 2}));
  EXPECT_EQ(parse_answers(R"([{"id": 0, "label": "no"}, {"id": 1, "label": "yes \"sure\""}, {"id": 2, "label": ""}])",
                          kNames, 3)
                .labels,
            (Labels{0, 1, 2}));
}

TEST(AnswerParser, ByPositionWhenIdsAreNoIds) {
  const ParsedAnswers one_based = parse_answers(R"([{"id": 1, "label": 0}, {"id": 2, "label": 1}])", kIds, 2);
  EXPECT_EQ(one_based.labels, (Labels{0, 1}));
  EXPECT_EQ(one_based.sources[0], AnswerSource::kByPosition);
  EXPECT_EQ(parse_answers(R"([{"label": 0}, {"label": 1}])", kIds, 2).labels, (Labels{0, 1}));
  EXPECT_EQ(parse_answers(R"([{"id": 0, "label": 0}, {"id": 0, "label": 1}])", kIds, 2).labels, (Labels{0, 1}))
      << "one id twice";
}

TEST(AnswerParser, WrongCountsCountWhereIdsAreRight) {
  EXPECT_EQ(parse_answers(R"([{"id": 1, "label": 1}])", kIds, 3).labels, (Labels{-1, 1, -1}));
  EXPECT_EQ(parse_answers(R"([{"id": 0, "label": 0}, {"id": 1, "label": 1}, {"id": 7, "label": 1}])", kIds, 2).labels,
            (Labels{0, 1}));
  EXPECT_EQ(parse_answers(R"([{"label": 1}])", kIds, 3).labels, (Labels{-1, -1, -1})) << "which one?";
  EXPECT_EQ(parse_answers("[]", kIds, 1).labels, (Labels{-1}));
}

TEST(AnswerParser, OfTheSameIdTheFirstCounts) {
  EXPECT_EQ(parse_answers(R"([{"id": 0, "label": 0}, {"id": 0, "label": 1}, {"id": 1, "label": 1}])", kIds, 2).labels,
            (Labels{0, 1}));
}

TEST(AnswerParser, RepairsTextAroundAndMissingEnds) {
  for (const char* response :
       {"Sure! ```json\n[{\"id\": 0, \"label\": 0}, {\"id\": 1, \"label\": 1}]\n```",
        "{\"id\": 0, \"label\": 0}, {\"id\": 1, \"label\": 1}", "[{'id': 0, 'label': 0}, {'id': 1, 'label': 1}]",
        "[{\"id\": 0, \"label\": 0}, {\"id\": 1, \"label\": 1}, {\"id\": 2, \"lab"}) {
    const ParsedAnswers answers = parse_answers(response, kIds, 2);
    EXPECT_EQ(answers.labels, (Labels{0, 1})) << response;
    EXPECT_TRUE(answers.repaired) << response;
  }
}

TEST(AnswerParser, ACutLabelIsNoLabel) {
  EXPECT_EQ(parse_answers(R"([{"id": 0, "label": 1)", kIds, 1).labels, (Labels{-1})) << "10 may have been meant";
  EXPECT_EQ(parse_answers(R"([{"id": 0, "label": "n)", kNames, 1).labels, (Labels{-1}));
}

TEST(AnswerParser, CountsUnknownLabels) {
  const ParsedAnswers answers =
      parse_answers(R"([{"id": 0, "label": 7}, {"id": 1, "label": "maybe"}, {"id": 2, "label": 1}])", kIds, 3);
  EXPECT_EQ(answers.labels, (Labels{-1, -1, 1}));
  EXPECT_EQ(answers.unknown_labels, 2u);
}

TEST(AnswerParser, CountsElementsAndRepeatedIds) {
  const ParsedAnswers answers =
      parse_answers(R"([{"id": 0, "label": 0}, {"id": 0, "label": 1}, {"id": 0, "label": 7}, {"id": 1}])", kIds, 2);
  EXPECT_EQ(answers.num_elements, 3u) << "one has no label";
  EXPECT_EQ(answers.duplicate_ids, 2u);
  EXPECT_EQ(parse_answers("I cannot do that.", kIds, 2).num_elements, 0u);
}

TEST(AnswerParser, FindsWhereLabelsAreWritten) {
  const auto behind_colons = [](const std::string& response, size_t num_queries) {
    std::vector<std::string> texts;
    for (const size_t place : parse_answers(response, kIds, num_queries).label_places)
      texts.push_back(place == ParsedAnswers::kNoPlace ? "none" : response.substr(place, 3));
    return texts;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(behind_colons(R"([{"id": 1, "label": 10}, {"id": 0, "label":1 }])", 3), (Texts{"1 }", " 10", "none"}));
  EXPECT_EQ(behind_colons(R"([{"label": 0}, {"label": 7}])", 2), (Texts{" 0}", " 7}"})) << "by position";
  EXPECT_EQ(behind_colons(R"([{"id": 0, "label": 0}, {"id": 1, "label": 1)", 2), (Texts{" 0}", " 1"})) << "a cut label";
}

TEST(AnswerParser, TakesAnyBytes) {
  const std::string whole = R"([{"id": 0, "label": 0}, {"id": 1, "label": "yes \"sure\""}])";
  const Rng rng(3);
  for (uint64_t round = 0; round < 2000; ++round) {
    std::string text = whole;
    const Rng stream = rng.child("damage", round);
    for (uint64_t i = 0; i < 1 + stream.below(0, 5); ++i)
      text[stream.below(10 + i, text.size())] = static_cast<char>(stream.below(20 + i, 256));
    const ParsedAnswers answers = parse_answers(text.substr(0, stream.below(1, text.size() + 1)), kNames, 2);
    ASSERT_EQ(answers.labels.size(), 2u);
    for (const int32_t label : answers.labels) ASSERT_TRUE(label >= -1 && label < 3);
    for (const size_t place : answers.label_places)
      ASSERT_TRUE(place == ParsedAnswers::kNoPlace || place <= text.size());
  }
}

}  // namespace
}  // namespace manyshot
