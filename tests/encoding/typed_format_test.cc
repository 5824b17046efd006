#include "encoding/typed_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

const CompactVocabulary kVocabulary = usual_vocabulary(2);
const CellVocabulary& cells() { return *kVocabulary.cells; }

Column numbers(std::vector<double> values) { return {.name = "x", .numbers = std::move(values)}; }
Column categories(std::vector<int32_t> codes, std::vector<std::string> names) {
  return {.name = "c", .type = ColumnType::kCategorical, .codes = std::move(codes), .categories = std::move(names)};
}
Table table(std::vector<Column> columns) {
  const size_t rows = std::max(columns[0].numbers.size(), columns[0].codes.size());
  return {.columns = std::move(columns), .num_rows = rows};
}

// The worked example of docs/formats/compact.md.
TEST(TypedFormat, NumbersAreValueAndRankCategoriesAreIdsAndGapsAreSeen) {
  const std::vector<int32_t> labels{0, 1, 1, 0};
  const TypedFormat format(table({numbers({1, 2, 3, kMissingNumber}),
                                  categories({0, 1, 2, kMissingCode}, {"red", "green", "blue", "black"})}),
                           labels, kVocabulary);
  const TaskView view{.rows = {0, 1, 3}, .features = {0, 1}, .labels = {7, 2}, .category_seed = 5};
  const Prompt prompt = format.prompt(view);
  EXPECT_EQ(prompt.num_shots(), 3u);
  // 1 is 1.22 deviations below the mean, and a third of the ranks up: both scales are standardised.
  EXPECT_EQ(prompt.context[0], cells().pair(353, 353));
  EXPECT_EQ(prompt.context[4], cells().pair(500, 500));
  EXPECT_EQ(prompt.context[8], cells().missing);
  EXPECT_EQ(prompt.context[9], cells().missing);
  EXPECT_EQ(prompt.context[2], kVocabulary.bar);
  EXPECT_EQ(prompt.context[3], kVocabulary.first_label + 7);
  const TokenId red = prompt.context[1], green = prompt.context[5];
  EXPECT_NE(red, green);
  for (const TokenId id : {red, green}) EXPECT_TRUE(id >= cells().first_category && id < cells().first_category + 64);

  const Table queries = table({numbers({1e9, 2}), categories({3, 0}, {"red", "green", "blue", "black"})});
  const QueryTokens tokens = format.queries(queries, std::span(&view, 1)).front();
  EXPECT_THAT(tokens[0], ElementsAre(cells().pair(999, 647), cells().unseen, kVocabulary.bar));
  EXPECT_THAT(tokens[1], ElementsAre(cells().pair(500, 500), red, kVocabulary.bar));
}

TEST(TypedFormat, EveryMemberDrawsOtherIds) {
  const std::vector<int32_t> labels{0, 1, 1, 0};
  const TypedFormat format(table({categories({0, 1, 2, 1}, {"red", "green", "blue"})}), labels, kVocabulary);
  std::set<TokenId> red;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const TaskView view{.rows = {0, 1, 2, 3}, .features = {0}, .labels = {0, 1}, .category_seed = seed};
    const std::vector<TokenId> context = format.prompt(view).context;
    EXPECT_EQ(context[3], context[9]) << "one level, one id";
    EXPECT_EQ(std::set<TokenId>({context[0], context[3], context[6]}).size(), 3u);
    red.insert(context[0]);
  }
  EXPECT_GT(red.size(), 20u);
}

// More levels than ids: the most frequent have one each, the others are read like levels that were never seen.
TEST(TypedFormat, RareLevelsOfManyAreUnseen) {
  std::vector<int32_t> codes, labels;
  std::vector<std::string> names;
  for (int32_t level = 0; level < 100; ++level) {
    names.push_back("level" + std::to_string(100 + level));
    for (int32_t row = 0; row < (level < 40 ? 1 : 2); ++row) codes.push_back(level);
  }
  for (size_t row = 0; row < codes.size(); ++row) labels.push_back(static_cast<int32_t>(row % 2));
  const TypedFormat format(table({categories(codes, names)}), labels, kVocabulary);
  TaskView view{.features = {0}, .labels = {0, 1}};
  for (uint32_t row = 0; row < codes.size(); ++row) view.rows.push_back(row);
  const std::vector<TokenId> context = format.prompt(view).context;
  std::set<TokenId> ids;
  size_t unseen = 0;
  for (size_t row = 0; row < codes.size(); ++row) {
    const TokenId token = context[3 * row];
    unseen += token == cells().unseen;
    if (token == cells().unseen) {
      EXPECT_LT(codes[row], 40);
    } else {
      ids.insert(token);
    }
  }
  EXPECT_EQ(ids.size(), 64u);
  EXPECT_EQ(unseen, 36u) << "100 levels less 64, each with one row";
}

TEST(TypedFormat, NumbersToPredictAreCodesAmongAThousand) {
  const std::vector<double> targets{10, 20, 30};
  const TypedFormat format(table({numbers({1, 2, 4})}), targets, kVocabulary);
  EXPECT_TRUE(format.predicts_number());
  const TaskView view{.rows = {2, 1, 0}, .features = {0}};
  const Prompt prompt = format.prompt(view);
  EXPECT_EQ(prompt.context[2], cells().target(647));
  EXPECT_EQ(prompt.context[5], cells().target(500));
  ASSERT_EQ(prompt.answers.size(), 1000u);
  EXPECT_THAT(prompt.answers[999], ElementsAre(cells().target(999)));
}

// The mark says of which label, whatever label a member shows for the class.
TEST(TypedFormat, SharesOfAnotherModelNameTheirLabel) {
  const std::vector<int32_t> labels{0, 1, 1};
  Column share = numbers({0, 0.25, kMissingNumber});
  share.share_of = 1;
  const TypedFormat format(table({numbers({1, 2, 3}), share}), labels, kVocabulary);
  const TaskView view{.rows = {0, 1, 2}, .features = {1}, .labels = {7, 2}};
  const std::vector<TokenId> context = format.prompt(view).context;
  EXPECT_EQ(context[0], cells().share(2, 0));
  EXPECT_EQ(context[3], cells().share(2, 250));
  EXPECT_EQ(context[6], cells().missing);
  Column of_query = numbers({1});
  const QueryTokens tokens = format.queries(table({numbers({5}), of_query}), std::span(&view, 1)).front();
  EXPECT_EQ(tokens[0][0], cells().share(2, 999));
}

TEST(TypedFormat, RelevanceOfCategoriesIsWhatChanceDoesNotGive) {
  std::vector<double> telling, silent, targets;
  std::vector<int32_t> colour, ids, labels;
  std::vector<std::string> colours{"red", "green", "blue"}, names;
  for (int32_t row = 0; row < 60; ++row) {
    colour.push_back(row % 3);
    labels.push_back(row % 3 == 0);
    targets.push_back(row % 3 == 0);
    ids.push_back(row);
    names.push_back("id" + std::to_string(row));
    telling.push_back(row % 3 == 0);
    silent.push_back(row / 3 % 2);
  }
  const Table shots = table({numbers(telling), numbers(silent), categories(colour, colours), categories(ids, names)});
  for (const std::vector<double>& relevance :
       {TypedFormat(shots, labels, kVocabulary).relevance(), TypedFormat(shots, targets, kVocabulary).relevance()}) {
    EXPECT_NEAR(relevance[0], 1, 1e-9);
    EXPECT_NEAR(relevance[1], 0, 0.05);
    EXPECT_NEAR(relevance[2], 1, 1e-9);
    EXPECT_EQ(relevance[3], 0) << "every row its own level: all of it is chance";
  }
}

}  // namespace
}  // namespace manyshot
