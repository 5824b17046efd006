#include "predict/ensemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace manyshot {
namespace {

const std::vector<int32_t> kLabels{0, 1, 2, 0, 1, 2, 0, 0};

TEST(MakeViews, EveryMemberSeesAllRowsAndColumnsThatFit) {
  const auto views = make_views(kLabels, 3, std::vector<double>(5),
                                {.members = 4, .max_rows = 100, .max_features = 20, .num_label_ids = 10}, Rng(1));
  ASSERT_EQ(views.size(), 4u);
  for (const TaskView& view : views) {
    EXPECT_THAT(view.rows, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    EXPECT_THAT(view.features, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4));
    EXPECT_EQ(std::set(view.labels.begin(), view.labels.end()).size(), 3u);
    for (const uint32_t label : view.labels) EXPECT_LT(label, 10u);
  }
  EXPECT_NE(views[0].rows, views[1].rows);
  EXPECT_NE(views[0].features, views[1].features);
}

TEST(MakeViews, HalfOfTheColumnsAreTheMostRelevantAndTheOthersTakeTurns) {
  for (const size_t num_features : {7, 20, 33, 61, 100}) {
    std::vector<double> relevance(num_features);
    for (size_t feature = 0; feature < num_features; ++feature)
      relevance[feature] = static_cast<double>(feature * 13 % num_features);
    const auto views = make_views(kLabels, 3, relevance,
                                  {.members = 20, .max_rows = 100, .max_features = 6, .num_label_ids = 10}, Rng(2));
    std::map<uint32_t, int> uses;
    for (const TaskView& view : views) {
      EXPECT_EQ(std::set(view.features.begin(), view.features.end()).size(), 6u) << "no column twice in one member";
      for (const uint32_t feature : view.features) ++uses[feature];
    }
    const int turns = static_cast<int>(60 / (num_features - 3));
    for (uint32_t feature = 0; feature < num_features; ++feature) {
      if (relevance[feature] >= static_cast<double>(num_features - 3)) {
        EXPECT_EQ(uses[feature], 20) << "one of the three most relevant";
      } else {
        EXPECT_GE(uses[feature], std::max(0, turns - 1));
        EXPECT_LE(uses[feature], turns + 2);
      }
    }
  }
}

TEST(ShareOutRows, EachRowIsSeenOnceInAGroupAndEveryClassByEachMember) {
  std::vector<int32_t> labels(90, 0);
  std::fill(labels.begin() + 60, labels.end() - 1, 1);
  labels.back() = 2;  // one row of its class
  auto views = make_views(labels, 3, std::vector<double>(2),
                          {.members = 6, .max_rows = 90, .max_features = 2, .num_label_ids = 3}, Rng(4));
  const auto all = views;
  share_out_rows(labels, 3, 3, Rng(5), views);
  std::map<uint32_t, int> uses;
  for (size_t member = 0; member < views.size(); ++member) {
    std::vector<int> counts(3);
    auto place = all[member].rows.begin();
    for (const uint32_t row : views[member].rows) {
      ++counts[static_cast<size_t>(labels[row])];
      ++uses[row];
      place = std::find(place, all[member].rows.end(), row);
      EXPECT_NE(place, all[member].rows.end()) << "in the member's order";
    }
    EXPECT_THAT(counts, ::testing::ElementsAre(20, ::testing::AnyOf(9, 10), 1));
  }
  for (uint32_t row = 0; row < 89; ++row) EXPECT_EQ(uses[row], 2) << "six members, three groups";
  EXPECT_EQ(uses[89], 6);
}

TEST(MakeViews, RowSubsetsAreStratified) {
  std::vector<int32_t> labels(1000, 0);
  std::fill(labels.begin() + 900, labels.end(), 1);
  const auto views = make_views(labels, 2, std::vector<double>(3),
                                {.members = 3, .max_rows = 50, .max_features = 20, .num_label_ids = 10}, Rng(3));
  for (const TaskView& view : views) {
    EXPECT_EQ(view.rows.size(), 50u);
    EXPECT_EQ(std::count_if(view.rows.begin(), view.rows.end(), [](uint32_t row) { return row >= 900; }), 5);
  }
  EXPECT_NE(std::set(views[0].rows.begin(), views[0].rows.end()), std::set(views[1].rows.begin(), views[1].rows.end()));
}

TEST(MakeViews, EverySecondMemberReadsRanks) {
  const auto views = make_views(kLabels, 3, std::vector<double>(5),
                                {.members = 3, .max_rows = 100, .max_features = 20, .num_label_ids = 10}, Rng(1));
  EXPECT_EQ(views[0].scale, NumberScale::kValues);
  EXPECT_EQ(views[1].scale, NumberScale::kRanks);
  EXPECT_EQ(views[2].scale, NumberScale::kValues);
}

TEST(MakeViews, IsAFunctionOfTheSeed) {
  const EnsembleShape shape{.members = 2, .max_rows = 5, .max_features = 2, .num_label_ids = 10};
  const auto a = make_views(kLabels, 3, std::vector<double>(5), shape, Rng(5)),
             b = make_views(kLabels, 3, std::vector<double>(5), shape, Rng(5));
  for (size_t member = 0; member < a.size(); ++member) {
    EXPECT_EQ(a[member].rows, b[member].rows);
    EXPECT_EQ(a[member].features, b[member].features);
    EXPECT_EQ(a[member].labels, b[member].labels);
  }
}

}  // namespace
}  // namespace manyshot
