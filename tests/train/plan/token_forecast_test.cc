// Tokens and time of the steps to come, of a run whose samples grow.
#include "train/plan/token_forecast.h"

#include <gtest/gtest.h>

#include "train/compact/compact_model.h"
#include "train/run/run_meter.h"

namespace manyshot::train {
namespace {

// Tasks of 12 labelled rows at first, of 64 in the second half, of a second stage of 16.
Recipe growing_recipe() {
  return parse_recipe(R"([[stage]]
name = "grows"
steps = 20
batch = 4
grow = ["0: shots=12:12", "0.5: shots=64:64"]
[stage.corpus]
prior = "mlp"
classes = "2:2"
features = "3:3"
queries = 4
[[stage]]
name = "last"
steps = 10
batch = 2
[stage.corpus]
prior = "mlp"
classes = "2:2"
shots = "12:36"
features = "2:6"
queries = 4
)",
                      "r.toml");
}

TokenForecast forecast_of(const Recipe& recipe, const RunPlan& plan, const ModelConfig& config,
                          size_t first_stage = 0) {
  TokenForecast forecast;
  for (size_t stage = first_stage; stage < recipe.stages.size(); ++stage) {
    const uint64_t positions = static_cast<uint64_t>(plan.stage_steps(stage)) * plan.step_samples(stage);
    const auto stream = open_stream(without_judgement(recipe.stages[stage]),
                                    {.compact = &config, .vocab_size = 1075, .seed = 7, .num_positions = positions});
    forecast.add_stage(recipe.stages[stage], plan, stage, *stream);
  }
  return forecast;
}

TEST(TokenForecast, KnowsThatSamplesGrow) {
  const Recipe recipe = growing_recipe();
  const ModelConfig config = compact_config({});
  for (const int world_size : {1, 2}) {
    const RunPlan plan(recipe, 0, world_size);
    const TokenForecast forecast = forecast_of(recipe, plan, config);
    ASSERT_TRUE(forecast.is_known());
    // Rows of 3 numbers, a bar and a label; columns that are constant are left out.
    EXPECT_NEAR(forecast.tokens(0, 10), 10 * 4 * world_size * 16 * 5, 0.05 * 10 * 4 * 16 * 5 * world_size);
    EXPECT_NEAR(forecast.tokens(10, 20), 10 * 4 * world_size * 68 * 5, 0.05 * 10 * 4 * 68 * 5 * world_size);
    // 12 to 36 rows, evenly in their logarithm: 21.8 on average; 4 columns.
    EXPECT_NEAR(forecast.tokens(20, 30), 10 * 2 * world_size * 25.8 * 6, 0.25 * 10 * 2 * world_size * 25.8 * 6);
    EXPECT_DOUBLE_EQ(forecast.tokens(0, 30), forecast.tokens(0, 7) + forecast.tokens(7, 25) + forecast.tokens(25, 30));
  }
  EXPECT_EQ(forecast_of(recipe, RunPlan(recipe, 0, 1), config, 1).tokens(0, 20), 0)
      << "of a run that goes on behind it";
}

TEST(TokenForecast, TheTimeLeftIsThatOfTheTokensToCome) {
  const Recipe recipe = growing_recipe();
  const RunPlan plan(recipe, 0, 1);
  const ModelConfig config = compact_config({});
  const TokenForecast forecast = forecast_of(recipe, plan, config);
  RunMeter by_steps(0), by_tokens(0);
  by_tokens.set_forecast(forecast);
  StepGradient step;
  step.loss.weight = 1;
  step.loss.tokens = static_cast<uint64_t>(2 * forecast.tokens(0, 1));  // twice what was foretold
  TrainerState state;
  for (int i = 0; i < 5; ++i) {
    by_steps.add(step, 3.0, state);
    by_tokens.add(step, 3.0, state);
  }
  EXPECT_NEAR(by_steps.status("", 5, 30).seconds_left, 25 * 3.0, 1e-9);
  const double left = 3.0 * forecast.tokens(5, 30) / forecast.tokens(0, 1);
  EXPECT_NEAR(by_tokens.status("", 5, 30).seconds_left, left, 1e-2 * left);
  EXPECT_GT(left, 2 * 25 * 3.0);
}

}  // namespace
}  // namespace manyshot::train
