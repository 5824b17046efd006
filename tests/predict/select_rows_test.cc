#include "predict/select_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace manyshot {
namespace {

using ::testing::ElementsAre;

std::vector<int32_t> labels_of(std::vector<std::pair<int32_t, int>> runs) {
  std::vector<int32_t> labels;
  for (const auto& [label, count] : runs) labels.insert(labels.end(), count, label);
  return labels;
}

std::vector<int> counts_of(const std::vector<uint64_t>& rows, const std::vector<int32_t>& labels, size_t num_classes) {
  std::vector<int> counts(num_classes);
  for (const uint64_t row : rows) ++counts[labels[row]];
  return counts;
}

TEST(SelectRows, TakesAllWhenThereAreNoMore) {
  const std::vector<int32_t> labels{0, 1, -1, 1};
  for (const Selection selection : {Selection::kRandom, Selection::kStratified}) {
    EXPECT_THAT(select_rows(labels, 2, 10, selection, Rng(1)), ElementsAre(0, 1, 3))
        << "rows without a label are never chosen";
  }
}

TEST(SelectRows, StratifiedKeepsSharesAndRareClasses) {
  const std::vector<int32_t> labels = labels_of({{0, 900}, {1, 98}, {2, 2}});
  const auto rows = select_rows(labels, 3, 100, Selection::kStratified, Rng(7));
  EXPECT_EQ(std::set(rows.begin(), rows.end()).size(), 100u);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_THAT(counts_of(rows, labels, 3), ElementsAre(90, 9, 1));
}

TEST(SelectRows, StratifiedGivesEachClassARowWhileItCan) {
  const std::vector<int32_t> labels = labels_of({{0, 1000}, {1, 1}, {2, 1}, {3, 1}});
  EXPECT_THAT(counts_of(select_rows(labels, 4, 4, Selection::kStratified, Rng(1)), labels, 4), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(counts_of(select_rows(labels, 4, 8, Selection::kStratified, Rng(1)), labels, 4), ElementsAre(5, 1, 1, 1));
  EXPECT_EQ(select_rows(labels, 4, 2, Selection::kStratified, Rng(1)).size(), 2u);
}

TEST(SelectRows, AnyCountIsHonouredForAnyShares) {
  const std::vector<int32_t> labels = labels_of({{0, 13}, {1, 5}, {2, 1}, {3, 40}, {4, 2}});
  for (uint64_t count = 1; count <= labels.size(); ++count) {
    for (const Selection selection : {Selection::kRandom, Selection::kStratified}) {
      const auto rows = select_rows(labels, 5, count, selection, Rng(count));
      EXPECT_EQ(std::set(rows.begin(), rows.end()).size(), count);
    }
  }
}

TEST(SelectRows, DependsOnTheSeedOnly) {
  const std::vector<int32_t> labels = labels_of({{0, 500}, {1, 500}});
  EXPECT_EQ(select_rows(labels, 2, 50, Selection::kRandom, Rng(3)),
            select_rows(labels, 2, 50, Selection::kRandom, Rng(3)));
  EXPECT_NE(select_rows(labels, 2, 50, Selection::kRandom, Rng(3)),
            select_rows(labels, 2, 50, Selection::kRandom, Rng(4)));
}

TEST(StratifiedFolds, EveryFoldHasEachClassInProportion) {
  std::vector<int32_t> labels(60, 0);
  for (size_t row = 0; row < 60; ++row) labels[row] = row % 6 == 0 ? -1 : row % 3 == 0 ? 1 : 0;
  const std::vector<int32_t> folds = stratified_folds(labels, 2, 5, Rng(1));
  std::map<std::pair<int32_t, int32_t>, int> rows;
  for (size_t row = 0; row < 60; ++row) {
    EXPECT_EQ(folds[row] == -1, labels[row] == -1);
    ++rows[{labels[row], folds[row]}];
  }
  for (int fold = 0; fold < 5; ++fold) {
    EXPECT_EQ((rows[{0, fold}]), 8);
    EXPECT_EQ((rows[{1, fold}]), 2);
  }
  EXPECT_EQ(folds, stratified_folds(labels, 2, 5, Rng(1)));
  EXPECT_NE(folds, stratified_folds(labels, 2, 5, Rng(2)));
}

}  // namespace
}  // namespace manyshot
