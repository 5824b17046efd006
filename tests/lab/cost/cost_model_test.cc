#include "lab/cost/cost_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot::lab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// The invented celebrities of arXiv 2505.00661 as 16,000 texts of 32 tokens, on a model of 1.2 B parameters.
CostSizes celebrities() {
  return {.parameters = 12.0 * 24 * 2048 * 2048,
          .layers = 24,
          .hidden_size = 2048,
          .key_value_size = 2048,
          .document_tokens = 115'000,
          .question_tokens = 46,
          .training_tokens = 512'000,
          .lora = false};
}

TEST(CostModel, FindsTheBreakEvenOfTheWorkedExample) {
  const CostTable costs = flop_costs(celebrities());
  EXPECT_NEAR(*costs.break_even(kFineTuned, kCold), 2.4, 0.1);
  EXPECT_NEAR(*costs.break_even(kFineTuned, kCached), 2000, 100);
  EXPECT_FALSE(costs.break_even(kAugmentedTuned, kCold)) << "nothing was augmented";
  EXPECT_NEAR(cache_bytes(celebrities()) / 1e9, 22.6, 0.1);
}

TEST(CostModel, CountsAugmentationThatReadsEverythingForEachText) {
  CostSizes sizes = celebrities();
  sizes.augment_read = 3600.0 * 115'000;
  sizes.augment_written = 3600.0 * 100;
  const double anew = *flop_costs(sizes).break_even(kAugmentedTuned, kCold);
  sizes.augment_read = 3600.0 * 200;
  const double shared = *flop_costs(sizes).break_even(kAugmentedTuned, kCold);
  EXPECT_GT(anew, 500);
  EXPECT_LT(shared, 10);
}

TEST(CostModel, LoraTrainsForTwoThirds) {
  CostSizes sizes = celebrities();
  const double full = flop_costs(sizes).ways[0].once;
  sizes.lora = true;
  EXPECT_DOUBLE_EQ(flop_costs(sizes).ways[0].once, full * 2 / 3);
}

TEST(CostModel, KnowsWaysThatNeverPay) {
  const CostTable costs{
      .quantity = "time", .unit = "s", .ways = {{kFineTuned, 10, 2}, {kCold, 0, 1}, {kCached, 20, 3}}};
  EXPECT_FALSE(costs.break_even(kFineTuned, kCold));
  EXPECT_EQ(costs.break_even(kFineTuned, kCached), 0);
  EXPECT_EQ(costs.cheapest(1).name, kCold);
  EXPECT_THAT(recommendation(costs, 0), Contains(HasSubstr("fine-tuned never pays against in context, cold")));
}

TEST(CostModel, SaysWhatToTakeAndWhenThatChanges) {
  const CostTable costs{.quantity = "computation", .unit = "FLOPs", .ways = {{kFineTuned, 1000, 1}, {kCold, 0, 11}}};
  EXPECT_DOUBLE_EQ(*costs.break_even(kFineTuned, kCold), 100);
  const std::vector<std::string> sentences = recommendation(costs, 500);
  EXPECT_THAT(sentences, Contains(HasSubstr("For 500 questions until the documents change, fine-tuned is cheapest")));
  EXPECT_THAT(sentences, Contains(HasSubstr("With 50 of them it would be in context, cold")));
}

TEST(CostModel, CountsMoney) {
  CostSizes sizes = celebrities();
  const CostPrices prices{.price_input = 1, .price_cached = 0.1, .price_output = 4, .price_training = 8};
  const CostTable costs = money_costs(sizes, prices);
  EXPECT_NEAR(costs.ways[0].once, 8 * 0.512, 1e-9);
  EXPECT_NEAR(costs.ways[1].question, (115'000 + 46) / 1e6, 1e-12);
  EXPECT_NEAR(costs.ways[2].question, (0.1 * 115'000 + 46) / 1e6, 1e-12);
  EXPECT_GT(*costs.break_even(kFineTuned, kCached), *costs.break_even(kFineTuned, kCold));
}

TEST(CostModel, LeavesOutWhatWasNotMeasured) {
  const CostTable costs = second_costs({.training = 100, .tuned_question = 0.1});
  ASSERT_EQ(costs.ways.size(), 1u);
  EXPECT_EQ(costs.ways[0].name, kFineTuned);
}

}  // namespace
}  // namespace manyshot::lab
