// Language models on the engine of devices against our own kernels: losses and gradients of every parameter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "core/rng.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/random_source.h"
#include "train/device/library.h"
#include "train/device/vector_distance.h"
#include "train/language/random_texts.h"
#include "train/optimizer/host_updates.h"

namespace manyshot::train {
namespace {

constexpr double kFloatGradient = 2e-4, kRoundedGradient = 0.08;  // of the gradient's norm
constexpr double kFloatLoss = 1e-5, kRoundedLoss = 0.01;

class LanguageDevice : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    device_ = parse_device(GetParam());
    try {
      make_device_language_trainer(RandomSource(small_llama()), on_device({}), device_);
    } catch (const Error& error) {
      if (!device_.is_cuda()) throw;
      std::printf("skipped: %s\n", error.what());
      GTEST_SKIP() << error.what();
    }
  }
  LanguageTrainerOptions on_device(LanguageTrainerOptions options) const {
    if (device_.is_cuda()) options.dtype = DType::kBFloat16;
    return options;
  }
  // Small random values everywhere, in place of the zeros of fresh factors.
  static void randomise_factors(LanguageTrainer& trainer) {
    for (Parameter& parameter : trainer.parameters()) {
      const Rng rng = Rng(7).child(parameter.name);
      for (size_t i = 0; i < parameter.value.size(); ++i) parameter.value[i] = float(0.1 * rng.normal(i));
    }
    trainer.parameters_changed();
  }

  void expect_same_gradients(const LanguageModelConfig& config, const LanguageTrainerOptions& options) {
    const RandomSource source(config);
    const auto ours = LanguageTrainer::create(source, options);
    const auto theirs = make_device_language_trainer(source, on_device(options), device_);
    if (!options.trains_all) {
      randomise_factors(*ours);
      randomise_factors(*theirs);
    }
    const std::vector<TrainSample> batch = make_batch(config);
    zero_gradients(ours->parameters());
    const LossSum expected = ours->accumulate(batch, 0.5f, 5), sum = theirs->accumulate(batch, 0.5f, 5);
    const bool rounded = device_.is_cuda();
    EXPECT_NEAR(sum.loss, expected.loss, (rounded ? kRoundedLoss : kFloatLoss) * expected.loss);
    EXPECT_EQ(sum.weight, expected.weight);
    EXPECT_EQ(sum.tokens, expected.tokens);
    EXPECT_DOUBLE_EQ(sum.flops, expected.flops);
    const auto found = theirs->parameters();
    ASSERT_EQ(found.size(), ours->parameters().size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].name, ours->parameters()[i].name);
      const std::span<const float> gradient = ours->parameters()[i].gradient;
      EXPECT_LT(distance(found[i].gradient, gradient),
                (rounded ? kRoundedGradient : kFloatGradient) * (norm(gradient) + 1e-6))
          << found[i].name;
    }
  }

  Device device_;
};

TEST_P(LanguageDevice, LoraGradients) {
  for (const LanguageModelConfig& config : {small_llama(), small_qwen2()}) {
    expect_same_gradients(config, {.lora = {.rank = 3, .alpha = 5, .use_rslora = true}});
  }
}

TEST_P(LanguageDevice, LoraGradientsUnderTheSameDropout) {
  expect_same_gradients(small_llama(),
                        {.lora = {.rank = 2, .dropout = 0.3, .target_modules = {"k_proj", "up_proj", "down_proj"}}});
}

TEST_P(LanguageDevice, GradientsOfAllWeights) {
  for (const LanguageModelConfig& config : {small_llama(), small_qwen2()}) {
    expect_same_gradients(config, {.trains_all = true});
  }
}

TEST_P(LanguageDevice, CheckpointingAndPackingChangeNothing) {
  for (const bool trains_all : {false, true}) {
    LanguageTrainerOptions options{.trains_all = trains_all, .lora = {.rank = 3}};
    options.checkpointing = Checkpointing::kAlways;
    expect_same_gradients(small_qwen2(), options);
    options.pack_tokens = 30;  // every sample alone
    expect_same_gradients(small_qwen2(), options);
  }
}

TEST_P(LanguageDevice, SampleLossesAddUp) {
  const RandomSource source(small_llama());
  const auto ours = LanguageTrainer::create(source, {});
  const auto theirs = make_device_language_trainer(source, on_device({}), device_);
  const std::vector<TrainSample> batch = make_batch(small_llama());
  const std::vector<double> expected = ours->sample_losses(batch), found = theirs->sample_losses(batch);
  const double tolerance = device_.is_cuda() ? 0.02 : 2e-5;
  for (size_t i = 0; i < batch.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance * expected[i]);
  EXPECT_NEAR(theirs->loss(batch).loss, found[0] + found[1] + found[2], 1e-4 * expected[0]);
}

TEST_P(LanguageDevice, StepsOfLora) {
  const RandomSource source(small_qwen2());
  const LanguageTrainerOptions options{.lora = {.rank = 4}};
  const std::vector<TrainSample> batch = make_batch(small_qwen2());
  for (const OptimizerKind kind : {OptimizerKind::kAdamW, OptimizerKind::kMuon, OptimizerKind::kScheduleFree}) {
    const auto ours = LanguageTrainer::create(source, options);
    const auto theirs = make_device_language_trainer(source, on_device(options), device_);
    const OptimizerOptions optimizer{.kind = kind, .learning_rate = 0.01};
    const auto our_updates = make_updates(*ours, optimizer, 0), their_updates = make_updates(*theirs, optimizer, 0);
    for (int step = 0; step < 4; ++step) {
      for (auto [model, updates] : {std::pair<TrainableModel*, WeightUpdates*>(ours.get(), our_updates.get()),
                                    {theirs.get(), their_updates.get()}}) {
        updates->zero_gradients();
        const LossSum sum = model->accumulate(batch, 1, 0);
        updates->finish_gradients(1 / sum.weight, 1);
        updates->step(1, step);
      }
    }
    const double loss = ours->loss(batch).loss;
    EXPECT_NEAR(theirs->loss(batch).loss, loss, (device_.is_cuda() ? 0.02 : 1e-3) * loss) << name_of(kind);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, LanguageDevice, ::testing::Values("torch-cpu", "cuda"),
                         [](const auto& info) { return std::string(info.param) == "cuda" ? "Gpu" : "TorchCpu"; });

}  // namespace
}  // namespace manyshot::train
