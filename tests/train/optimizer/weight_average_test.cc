#include "train/optimizer/weight_average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot::train {
namespace {

using ::testing::ElementsAre;

TEST(WeightAverage, FollowsAndSwaps) {
  std::vector<float> value = {1, 2}, gradient(2);
  std::vector<Parameter> parameters = {{.name = "w", .shape = {2}, .value = value, .gradient = gradient}};
  WeightAverage average(parameters, 0.5);
  value = {3, 2};
  average.update(parameters, 0);  // weight 1 - 1/10: early on it forgets fast
  average.swap(parameters);
  EXPECT_NEAR(value[0], 1 + 0.9 * 2, 1e-6);
  EXPECT_EQ(value[1], 2);
  average.swap(parameters);
  EXPECT_THAT(value, ElementsAre(3, 2));
  value = {0, 2};
  average.update(parameters, 1000);
  average.swap(parameters);
  EXPECT_NEAR(value[0], 2.8 / 2, 1e-6);
  EXPECT_FALSE(WeightAverage(parameters, 0).is_active());
}

}  // namespace
}  // namespace manyshot::train
