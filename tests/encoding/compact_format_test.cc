#include "encoding/compact_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

Table two_columns(std::vector<double> x, std::vector<double> y) {
  const size_t rows = x.size();
  return {.columns = {{.name = "x", .numbers = std::move(x)}, {.name = "y", .numbers = std::move(y)}},
          .num_rows = rows};
}

// The worked example of docs/formats/compact.md.
TEST(CompactFormat, WritesRowsAsValueTokensBarAndLabel) {
  const std::vector<int32_t> labels{0, 1};
  const CompactFormat format(two_columns({-1, 1}, {10, 30}), labels, CompactVocabulary{});
  const TaskView view{.rows = {1, 0}, .features = {1, 0}, .labels = {7, 2}};
  const Prompt prompt = format.prompt(view);
  EXPECT_EQ(prompt.layout, PromptLayout::kRows);
  EXPECT_EQ(prompt.num_shots(), 2u);
  EXPECT_THAT(prompt.context, ElementsAre(620, 620, 1010, 1002, 380, 380, 1010, 1007));
  ASSERT_EQ(prompt.answers.size(), 2u);
  EXPECT_THAT(prompt.answers[0], ElementsAre(1007));
  EXPECT_THAT(prompt.answers[1], ElementsAre(1002));

  const Table queries = two_columns({0, kMissingNumber}, {20, 1e9});
  const std::vector<QueryTokens> tokens = format.queries(queries, std::span(&view, 1));
  ASSERT_EQ(tokens.size(), 1u);
  ASSERT_EQ(tokens[0].size(), 2u);
  EXPECT_THAT(tokens[0][0], ElementsAre(500, 500, 1010));
  EXPECT_THAT(tokens[0][1], ElementsAre(999, 500, 1010));
}

TEST(CompactFormat, AViewOfRanksDoesNotSeeHowFarAnOutlierIs) {
  const std::vector<int32_t> labels{0, 1, 0, 1};
  const CompactFormat format(two_columns({1, 2, 3, 4}, {1, 2, 3, 1e6}), labels, CompactVocabulary{});
  const auto codes = [&](NumberScale scale, size_t feature) {
    const TaskView view{
        .rows = {0, 1, 2, 3}, .features = {static_cast<uint32_t>(feature)}, .labels = {0, 1}, .scale = scale};
    std::vector<TokenId> result;
    for (size_t row = 0; row < 4; ++row) result.push_back(format.prompt(view).context[3 * row]);
    const Table queries = two_columns({2.5}, {2.5});
    result.push_back(format.queries(queries, std::span(&view, 1))[0].tokens[0]);
    return result;
  };
  EXPECT_EQ(codes(NumberScale::kRanks, 0), codes(NumberScale::kRanks, 1));
  EXPECT_EQ(codes(NumberScale::kRanks, 0)[4], 500) << "in the middle of the ranks";
  EXPECT_LE(codes(NumberScale::kValues, 1)[2] - codes(NumberScale::kValues, 1)[0], 1)
      << "one code for all but the outlier";
}

TEST(CompactFormat, RelevanceIsTheVarianceBetweenClasses) {
  const std::vector<int32_t> labels{0, 0, 1, 1};
  // x tells the classes apart completely, y not at all.
  const auto relevance =
      CompactFormat(two_columns({-1, -1, 1, 1}, {-1, 1, -1, 1}), labels, CompactVocabulary{}).relevance();
  EXPECT_NEAR(relevance[0], 1, 1e-12);
  EXPECT_NEAR(relevance[1], 0, 1e-12);
}

TEST(CompactFormat, ViewsMayUseSubsets) {
  const std::vector<int32_t> labels{0, 1, 1};
  const CompactFormat format(two_columns({-1, 1, 1}, {10, 30, 20}), labels, CompactVocabulary{});
  const TaskView view{.rows = {2}, .features = {0}, .labels = {0, 1}};
  EXPECT_EQ(format.prompt(view).context.size(), 3u);
  EXPECT_EQ(format.prompt(view).context.back(), 1001);
}

}  // namespace
}  // namespace manyshot
