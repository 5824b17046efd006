#include "prior/task/sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

namespace manyshot::prior {
namespace {

PriorSettings settings_for(const std::string& prior, IntRange rows, std::optional<IntRange> features = {}) {
  PriorOptions options;
  options.prior = prior;
  options.rows = rows;
  options.features = features;
  options.classes = {2, 2};
  return parse_settings(options);
}

TEST(Sizes, AutomaticColumnsDependOnThePartAndTheRows) {
  const PriorSettings settings = settings_for("mix", {64, 64});
  EXPECT_EQ(feature_range(PriorKind::kMlp, settings, 64), (IntRange{5, 50}));
  EXPECT_EQ(feature_range(PriorKind::kTree, settings, 100'000), (IntRange{5, 50}));
  EXPECT_EQ(feature_range(PriorKind::kGraph, settings, 16), (IntRange{2, 3}));
  EXPECT_EQ(feature_range(PriorKind::kGraph, settings, 149), (IntRange{2, 5}));
  EXPECT_EQ(feature_range(PriorKind::kForest, settings, 5000), (IntRange{2, 40}));
  EXPECT_EQ(feature_range(PriorKind::kEffects, settings, 16), (IntRange{2, 3}));
  EXPECT_EQ(feature_range(PriorKind::kEffects, settings, 150), (IntRange{2, 25}));
  EXPECT_EQ(feature_range(PriorKind::kEffects, settings, 5000), (IntRange{2, 60}));
  EXPECT_EQ(feature_range(PriorKind::kForest, settings_for("mix", {64, 64}, IntRange{7, 90}), 5000), (IntRange{7, 90}));
}

TEST(Sizes, MostColumnsAreThoseOfThePartsThatAreDrawn) {
  EXPECT_EQ(most_features(settings_for("mix", {64, 64})), 50);
  EXPECT_EQ(most_features(settings_for("graph", {64, 250})), 10);
  EXPECT_EQ(most_features(settings_for("graph:1,forest:1", {64, 4000})), 40);
  EXPECT_EQ(most_features(settings_for("graph:1,mix:1", {64, 64})), 50);
  EXPECT_EQ(most_features(settings_for("graph:1,effects:1", {64, 250})), 41);
  EXPECT_EQ(most_features(settings_for("graph:1,mix:0", {64, 64})), 3);
  EXPECT_EQ(most_features(settings_for("graph:1,mix:1", {64, 64}, IntRange{2, 7})), 7);
}

TEST(Sizes, DrawsReachBothEndsAndStayWithin) {
  for (const std::optional<IntRange> features : {std::optional<IntRange>{}, std::optional(IntRange{3, 6})}) {
    const PriorSettings settings = settings_for("graph", {150, 150}, features);
    const IntRange range = feature_range(PriorKind::kGraph, settings, 150);
    int64_t least = 1000, most = 0;
    for (uint64_t task = 0; task < 500; ++task) {
      const auto count =
          static_cast<int64_t>(draw_num_features(PriorKind::kGraph, settings, 150, Rng(1).child("task", task)));
      least = std::min(least, count);
      most = std::max(most, count);
    }
    EXPECT_EQ((IntRange{least, most}), range);
  }
}

}  // namespace
}  // namespace manyshot::prior
