// How boosted trees read categories.
#include "predict/xgboost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "predict/testing.h"

namespace manyshot {
namespace {

using testing::categories;
using testing::numbers;
using testing::tones;

std::vector<double> predict(const LabelledTable& shots, const Table& queries) {
  return XgboostMethod(/*seed=*/0).fit(shots)->predict(queries);
}

TEST(Xgboost, OneClassOnly) {
  const LabelledTable shots{.features = numbers({{1, 2, 3}}), .labels = {1, 1, 1}, .classes = {"a", "b"}};
  EXPECT_THAT(predict(shots, numbers({{9}})), ::testing::ElementsAre(0, 1));
}

TEST(Xgboost, TheNamesOfCategoriesSayNothing) {
  LabelledTable shots = tones(400, 1);
  const Table queries = tones(100, 2).features;
  const std::vector<double> before = predict(shots, queries);
  Table renamed = queries;
  for (Table* table : {&shots.features, &renamed}) {
    // The alphabet turned round, odd ones first.
    std::vector<std::string>& names = table->columns[0].categories;
    for (size_t i = 0; i < names.size(); ++i) names[i] = (i % 2 == 0 ? "b" : "a") + std::string(1, 'z' - i);
  }
  const std::vector<double> after = predict(shots, renamed);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(before[i], after[i], 1e-4) << i;
}

TEST(Xgboost, ACategoryThatNoLabelledRowHasIsNoneOfTheKnown) {
  LabelledTable shots{.classes = {"no", "yes"}};
  std::vector<int32_t> codes;
  for (int row = 0; row < 80; ++row) {
    codes.push_back(row % 8);
    shots.labels.push_back(row % 8 == 3 ? 1 : 0);
  }
  const std::vector<std::string> known{"a", "b", "c", "d", "e", "f", "g", "h"};
  shots.features = categories(known, codes);
  std::vector<std::string> extended = known;
  extended.insert(extended.end(), {"d2", "never"});
  const auto probabilities = predict(shots, categories(extended, {3, 4, 8, 9, kMissingCode}));
  EXPECT_GT(probabilities[1], 0.8);
  for (const size_t query : {1, 2, 3, 4}) EXPECT_LT(probabilities[2 * query + 1], 0.2) << query;
}

TEST(Xgboost, MissingCellsAreACategoryOfTheirOwn) {
  LabelledTable shots{.classes = {"no", "yes"}};
  std::vector<int32_t> codes;
  for (int row = 0; row < 60; ++row) {
    codes.push_back(row % 3 == 2 ? kMissingCode : row % 3);
    shots.labels.push_back(row % 3 == 2 ? 1 : 0);
  }
  shots.features = categories({"a", "b"}, codes);
  const auto probabilities = predict(shots, categories({"a", "b", "new"}, {0, 1, kMissingCode, 2}));
  EXPECT_LT(probabilities[1], 0.2);
  EXPECT_LT(probabilities[3], 0.2);
  EXPECT_GT(probabilities[5], 0.8);
  EXPECT_LT(probabilities[7], 0.2) << "a new string is not a missing cell";
}

TEST(Xgboost, CategoriesWithAnOrderAreTheNumbersOfTheirRanks) {
  LabelledTable texts = tones(60, 3), ranks = texts;
  texts.features.columns[0].categories = {"10", "9", "2", "30", "4", "25", "6", "70"};
  const double by_value[] = {4, 3, 0, 6, 1, 5, 2, 7};
  Column column{.name = "tone"};
  for (const int32_t code : texts.features.columns[0].codes) column.numbers.push_back(by_value[code]);
  ranks.features.columns[0] = column;
  EXPECT_EQ(predict(texts, texts.features), predict(ranks, ranks.features));
}

}  // namespace
}  // namespace manyshot
