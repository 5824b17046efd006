// Loss and gradients of language models: against the scoring engine, finite differences, other packings and threads.
#include "train/language/language_trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/files.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "kernels/simd.h"
#include "model/dtype.h"
#include "model/language/adapter.h"
#include "model/language/language_model.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/random_source.h"
#include "support/temporary_folder.h"
#include "train/language/random_texts.h"

namespace manyshot::train {

using kernels::simd_level;
using kernels::SimdLevel;

namespace {

bool has_bf16() { return kernels::has_bf16(simd_level()); }

// Small random values everywhere, in place of the zeros of fresh factors.
void randomise_factors(LanguageTrainer& trainer, uint64_t seed) {
  for (Parameter& parameter : trainer.parameters()) {
    const Rng rng = Rng(seed).child(parameter.name);
    for (size_t i = 0; i < parameter.value.size(); ++i) parameter.value[i] = float(0.1 * rng.normal(i));
  }
  trainer.parameters_changed();
}

std::unique_ptr<LanguageTrainer> make_trainer(const LanguageModelConfig& config, LanguageTrainerOptions options = {}) {
  const RandomSource source(config);
  auto trainer = LanguageTrainer::create(source, options);
  if (!options.trains_all && options.adapter.empty()) randomise_factors(*trainer, 7);
  return trainer;
}

std::vector<float> gradients_of(LanguageTrainer& trainer, std::span<const TrainSample> batch, uint64_t seed = 0) {
  zero_gradients(trainer.parameters());
  trainer.accumulate(batch, 0.5f, seed);
  std::vector<float> all;
  for (const Parameter& parameter : trainer.parameters()) {
    all.insert(all.end(), parameter.gradient.begin(), parameter.gradient.end());
  }
  return all;
}

std::vector<LanguageModelConfig> configs() { return {small_llama(), small_qwen2()}; }

// Every parameter: the slope of the loss along a random direction, by central differences.
void expect_finite_differences(LanguageTrainer& trainer, const std::vector<TrainSample>& batch, double tolerance) {
  gradients_of(trainer, batch, 5);
  for (Parameter& parameter : trainer.parameters()) {
    const std::vector<float> before(parameter.value.begin(), parameter.value.end());
    const Rng rng = Rng(3).child(parameter.name);
    double size = 0, expected = 0;
    for (size_t i = 0; i < before.size(); ++i) size += static_cast<double>(before[i]) * before[i];
    // Along the gradient and a random direction, so that the slope is never small by chance.
    double gradient_size = 0;
    for (const float g : parameter.gradient) gradient_size += static_cast<double>(g) * g;
    gradient_size = std::sqrt(gradient_size);
    ASSERT_GT(gradient_size, 0) << parameter.name;
    std::vector<double> direction(before.size());
    double direction_size = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      direction[i] = parameter.gradient[i] / gradient_size + rng.normal(i) / std::sqrt(double(before.size()));
      direction_size += direction[i] * direction[i];
    }
    for (size_t i = 0; i < before.size(); ++i) expected += 2 * parameter.gradient[i] * direction[i];  // scale 0.5
    const double step = 6e-4 * std::max(std::sqrt(size), 0.1) / std::sqrt(direction_size);
    const auto loss_at = [&](double distance) {
      for (size_t i = 0; i < before.size(); ++i) parameter.value[i] = float(before[i] + distance * direction[i]);
      trainer.parameters_changed();
      return trainer.accumulate(batch, 0.0f, 5).loss;  // under the same dropout
    };
    const double slope = (loss_at(step) - loss_at(-step)) / (2 * step);
    std::copy(before.begin(), before.end(), parameter.value.begin());
    EXPECT_NEAR(slope, expected, tolerance * std::abs(expected)) << parameter.name;
  }
}

TEST(LanguageTrainer, LossIsWhatTheScoringEngineSays) {
  for (const LanguageModelConfig& config : configs()) {
    const RandomSource source(config);
    const auto trainer = LanguageTrainer::create(source, {});  // fresh factors change nothing
    const auto model = LanguageModel::load(source, DType::kFloat32);
    const std::vector<TrainSample> batch = make_batch(config);
    const std::vector<double> losses = trainer->sample_losses(batch);
    double sum = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      const Branch branch{.tokens = std::span(batch[i].tokens).subspan(1), .first_scored = 0};
      const Branch whole{.prefix = model->prefill(std::span(batch[i].tokens).first(1)), .tokens = branch.tokens};
      const BranchScore score = model->score(std::span(&whole, 1))[0];
      double expected = 0;
      for (const uint32_t place : batch[i].supervised) expected -= score.log_probs[place - 1];
      EXPECT_NEAR(losses[i], expected, 2e-5 * expected);
      sum += losses[i];
    }
    const LossSum all = trainer->loss(batch);
    EXPECT_DOUBLE_EQ(all.loss, sum);
    EXPECT_EQ(all.tokens, 75u + 21 + 40);
    EXPECT_EQ(all.weight, 13 + 4 + 20);
    EXPECT_GT(all.flops, 0);
  }
}

TEST(LanguageTrainer, LoraGradientsAreFiniteDifferences) {
  for (const LanguageModelConfig& config : configs()) {
    const auto trainer = make_trainer(config, {.lora = {.rank = 3, .alpha = 5, .use_rslora = true}});
    EXPECT_EQ(trainer->parameters().size(), size_t(config.num_hidden_layers) * 7 * 2);
    expect_finite_differences(*trainer, make_batch(config), 4e-3);
  }
}

TEST(LanguageTrainer, GradientsUnderDropoutAreFiniteDifferences) {
  const auto trainer = make_trainer(
      small_llama(), {.lora = {.rank = 2, .dropout = 0.3, .target_modules = {"k_proj", "up_proj", "down_proj"}}});
  EXPECT_EQ(trainer->parameters().size(), 2u * 3 * 2);
  expect_finite_differences(*trainer, make_batch(small_llama()), 4e-3);
}

TEST(LanguageTrainer, GradientsOfAllWeightsAreFiniteDifferences) {
  for (const LanguageModelConfig& config : configs()) {
    const auto trainer = make_trainer(config, {.trains_all = true});
    EXPECT_EQ(trainer->parameters().size(), language_model_tensors(config).size());
    expect_finite_differences(*trainer, make_batch(config), 4e-3);
  }
}

TEST(LanguageTrainer, DropoutIsAFunctionOfItsSeed) {
  const LanguageModelConfig config = small_llama();
  const auto trainer = make_trainer(config, {.lora = {.dropout = 0.25}});
  const std::vector<TrainSample> batch = make_batch(config);
  const std::vector<float> first = gradients_of(*trainer, batch, 1);
  EXPECT_EQ(gradients_of(*trainer, batch, 1), first);
  EXPECT_NE(gradients_of(*trainer, batch, 2), first);
}

TEST(LanguageTrainer, SamplesOfAPackDoNotSeeEachOther) {
  for (const LanguageModelConfig& config : configs()) {
    for (const DType dtype : {DType::kFloat32, DType::kBFloat16}) {
      if (dtype == DType::kBFloat16 && !has_bf16()) continue;
      const auto trainer = make_trainer(config, {.dtype = dtype});
      std::vector<TrainSample> batch = make_batch(config);
      const std::vector<double> before = trainer->sample_losses(batch);
      for (TokenId& token : batch[1].tokens) token = (token + 11) % config.vocab_size;
      const std::vector<double> after = trainer->sample_losses(batch);
      EXPECT_EQ(after[0], before[0]);
      EXPECT_NE(after[1], before[1]);
      EXPECT_EQ(after[2], before[2]);
      const std::span<const TrainSample> last(batch.data() + 2, 1);
      EXPECT_EQ(trainer->sample_losses(last)[0], before[2]);
    }
  }
}

TEST(LanguageTrainer, GradientsOfPacksAddUp) {
  const LanguageModelConfig config = small_qwen2();
  const std::vector<TrainSample> batch = make_batch(config);
  const auto together = make_trainer(config), apart = make_trainer(config, {.pack_tokens = 1});
  const std::vector<float> a = gradients_of(*together, batch), b = gradients_of(*apart, batch);
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4 + 1e-4 * std::abs(a[i]));
}

struct Case {
  DType dtype;
  bool trains_all;
};
std::vector<Case> cases() {
  std::vector<Case> all = {{DType::kFloat32, false}, {DType::kFloat32, true}};
  if (has_bf16()) all.insert(all.end(), {{DType::kBFloat16, false}, {DType::kBFloat16, true}});
  return all;
}

TEST(LanguageTrainer, SameBitsByAnyNumberOfThreads) {
  const LanguageModelConfig config = small_llama();
  std::vector<TrainSample> batch = make_batch(config);
  batch.push_back(make_sample(config, 480, 4));
  for (const Case& c : cases()) {
    const auto trainer = make_trainer(config, {.dtype = c.dtype, .trains_all = c.trains_all});
    set_num_threads(1);
    const std::vector<float> expected = gradients_of(*trainer, batch);
    for (const int threads : {2, 3}) {
      set_num_threads(threads);
      EXPECT_EQ(gradients_of(*trainer, batch), expected) << threads << " threads";
    }
    set_num_threads(0);
  }
}

TEST(LanguageTrainer, RecomputedLayersGiveTheSameBits) {
  const LanguageModelConfig config = small_qwen2();
  const std::vector<TrainSample> batch = make_batch(config);
  for (const Case& c : cases()) {
    const auto kept =
        make_trainer(config, {.dtype = c.dtype, .trains_all = c.trains_all, .checkpointing = Checkpointing::kNever});
    const auto recomputed =
        make_trainer(config, {.dtype = c.dtype, .trains_all = c.trains_all, .checkpointing = Checkpointing::kAlways});
    EXPECT_EQ(gradients_of(*recomputed, batch), gradients_of(*kept, batch));
    const BatchShape shape{.num_samples = 3, .sample_tokens = 75};
    EXPECT_LE(recomputed->peak_bytes(shape), kept->peak_bytes(shape));
  }
}

// bf16 rounds weights, activations and their gradients to 8 bits.
TEST(LanguageTrainer, BFloat16IsNearFloat32) {
  if (!has_bf16()) GTEST_SKIP() << "needs avx512_bf16";
  for (const LanguageModelConfig& config : configs()) {
    const std::vector<TrainSample> batch = make_batch(config);
    for (const bool trains_all : {false, true}) {
      const auto exact = make_trainer(config, {.trains_all = trains_all});
      const auto rounded = make_trainer(config, {.dtype = DType::kBFloat16, .trains_all = trains_all});
      EXPECT_NEAR(rounded->loss(batch).mean(), exact->loss(batch).mean(), 0.02);
      const std::vector<float> a = gradients_of(*exact, batch), b = gradients_of(*rounded, batch);
      double error = 0, size = 0;
      for (size_t i = 0; i < a.size(); ++i) {
        error += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
        size += double(a[i]) * a[i];
      }
      EXPECT_LT(std::sqrt(error / size), 0.04);
    }
  }
}

TEST(LanguageTrainer, SavedAdapterGivesTheSameModelAndGoesOn) {
  for (const LanguageModelConfig& config : configs()) {
    const TemporaryFolder folder;
    const auto trainer =
        make_trainer(config, {.lora = {.rank = 3, .alpha = 7, .target_modules = {"q_proj", "down_proj"}}});
    trainer->save_adapter(folder.path());
    const std::vector<TrainSample> batch = make_batch(config);
    const std::vector<double> expected = trainer->sample_losses(batch);

    const auto merged =
        LanguageTrainer::create(*apply_adapter(std::make_unique<RandomSource>(config), folder.path()), {});
    const std::vector<double> of_merged = merged->sample_losses(batch);
    for (size_t i = 0; i < batch.size(); ++i) EXPECT_NEAR(of_merged[i], expected[i], 1e-5 * expected[i]);

    const auto continued = make_trainer(config, {.lora = {.rank = 99}, .adapter = folder.path()});
    EXPECT_EQ(continued->sample_losses(batch), expected);
    EXPECT_EQ(gradients_of(*continued, batch), gradients_of(*trainer, batch));
    const TemporaryFolder again;
    continued->save_adapter(again.path());
    for (const char* name : {"/adapter_config.json", "/adapter_model.safetensors"}) {
      EXPECT_EQ(read_file(again.path() + name), read_file(folder.path() + name));
    }
  }
}

TEST(LanguageTrainer, TrainedWeightsAreASourceOfTensors) {
  const LanguageModelConfig config = small_llama();
  const auto trainer = make_trainer(config, {.trains_all = true});
  trainer->parameters()[0].value[3] += 0.5f;
  trainer->parameters_changed();
  const auto copy = LanguageTrainer::create(trainer->weights(), {});
  EXPECT_EQ(copy->sample_losses(make_batch(config)), trainer->sample_losses(make_batch(config)));
}

TEST(LanguageTrainer, SaysWhatIsWrong) {
  const LanguageModelConfig config = small_llama();
  const RandomSource source(config);
  const auto create = [&](const LanguageTrainerOptions& options) { LanguageTrainer::create(source, options); };
  EXPECT_ERROR(create({.lora = {.rank = 0}}), ErrorKind::kBadInput, "LoRA rank 0");
  EXPECT_ERROR(create({.lora = {.dropout = 1}}), ErrorKind::kBadInput, "LoRA dropout 1");
  EXPECT_ERROR(create({.lora = {.alpha = NAN}}), ErrorKind::kBadInput, "LoRA alpha nan");
  EXPECT_ERROR(create({.lora = {.target_modules = {}}}), ErrorKind::kBadInput, "no target modules");
  EXPECT_ERROR(create({.lora = {.target_modules = {"q"}}}), ErrorKind::kBadInput, "LoRA target \"q\" is unknown");
  EXPECT_ERROR(create({.trains_all = true, .adapter = "somewhere"}), ErrorKind::kBadInput,
               "an adapter is continued with LoRA");

  const auto trainer = make_trainer(config);
  std::vector<TrainSample> batch = {make_sample(config, 20, 1)};
  batch[0].tokens[4] = config.vocab_size;
  EXPECT_ERROR(trainer->loss(batch), ErrorKind::kBadInput, "sample 1: token 165 at place 4");
  batch[0] = make_sample(config, 513, 2);
  EXPECT_ERROR(trainer->loss(batch), ErrorKind::kBadInput, "sample 2: 513 tokens, the model reads up to 512");
  batch[0] = make_sample(config, 20, 3);
  batch[0].supervised = {0};
  EXPECT_ERROR(trainer->loss(batch), ErrorKind::kBadInput, "sample 3: supervised place 0 of 20 tokens");
  batch[0].supervised = {};
  EXPECT_EQ(trainer->loss(batch).weight, 0);

  const TemporaryFolder folder;
  trainer->save_adapter(folder.path());
  const std::string adapter_config = read_file(folder / "adapter_config.json");
  Json olora = Json::parse(adapter_config);
  olora["init_lora_weights"] = "olora";
  folder.write("adapter_config.json", olora.dump());
  EXPECT_ERROR(create({.adapter = folder.path()}), ErrorKind::kUnsupported, "merge it first");
  folder.write("adapter_config.json", adapter_config);
  LanguageModelConfig smaller = config;
  smaller.num_hidden_layers = 1;
  const RandomSource other(smaller);
  EXPECT_ERROR(LanguageTrainer::create(other, {.adapter = folder.path()}), ErrorKind::kBadInput, "model.layers.1.");
  smaller = config;
  smaller.intermediate_size = 80;
  const RandomSource narrow(smaller);
  EXPECT_ERROR(LanguageTrainer::create(narrow, {.adapter = folder.path()}), ErrorKind::kBadInput,
               "continue it on the base it was trained on");
}

}  // namespace
}  // namespace manyshot::train
