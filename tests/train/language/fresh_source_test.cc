#include "train/language/fresh_source.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/error.h"
#include "support/models/random_source.h"
#include "train/language/language_trainer.h"

namespace manyshot::train {
namespace {

double deviation_of(const TensorSource& source, const std::string& name) {
  const auto shape = source.shape(name);
  std::vector<float> values(shape[0] * shape[1]);
  source.read_rows(name, 0, shape[0], values);
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(FreshSource, HasTheNamedDeviations) {
  const LanguageModelConfig config = small_qwen2();  // two layers, 64 wide, 96 values of queries
  const auto normal = make_fresh_source(config, Initialisation::kNormal, 1, "fresh"),
             scaled = make_fresh_source(config, Initialisation::kScaledNormal, 1, "fresh"),
             width = make_fresh_source(config, Initialisation::kWidthScaled, 1, "fresh");
  const std::string gate = "model.layers.1.mlp.gate_proj.weight", out = "model.layers.0.self_attn.o_proj.weight";
  const auto expect_near = [](double found, double expected) { EXPECT_NEAR(found, expected, 0.05 * expected); };
  for (const std::string& name : {gate, out, std::string("lm_head.weight")})
    expect_near(deviation_of(*normal, name), 0.02);
  expect_near(deviation_of(*scaled, gate), 0.02);
  expect_near(deviation_of(*scaled, out), 0.01);
  expect_near(deviation_of(*width, gate), 1.0 / 8);
  expect_near(deviation_of(*width, out), 0.5 / std::sqrt(96.0));
  expect_near(deviation_of(*width, "model.embed_tokens.weight"), 0.02);
}

TEST(FreshSource, RowsDoNotDependOnHowTheyAreRead) {
  const auto source = make_fresh_source(small_llama(), Initialisation::kNormal, 3, "fresh");
  std::vector<float> whole(165 * 64), row(64);
  source->read_rows("model.embed_tokens.weight", 0, 165, whole);
  source->read_rows("model.embed_tokens.weight", 9, 1, row);
  EXPECT_TRUE(std::equal(row.begin(), row.end(), whole.begin() + 9 * 64));
  std::vector<float> gain(64), bias(16);
  source->read_rows("model.norm.weight", 0, 1, gain);
  EXPECT_EQ(gain, std::vector<float>(64, 1.0f));
}

TEST(FreshSource, StartsNearAUniformGuess) {
  for (const LanguageModelConfig& config : {small_llama(), small_qwen2()}) {
    const auto source = make_fresh_source(config, Initialisation::kScaledNormal, 1, "fresh");
    const auto trainer = LanguageTrainer::create(*source, {.trains_all = true});
    const TrainSample sample{.tokens = random_tokens(config, 30), .supervised = {5, 6, 7, 29}};
    // Vectors of 64 values of size 0.02 under a norm: logits of 0.16, and more for the token itself when tied.
    EXPECT_NEAR(trainer->loss({&sample, 1}).mean(), std::log(config.vocab_size), 0.3);
  }
}

TEST(FreshSource, SaysWhatIsWrong) {
  LanguageModelConfig config = small_llama();
  config.hidden_size = 0;
  EXPECT_ERROR(make_fresh_source(config, Initialisation::kNormal, 1, "my.json"), ErrorKind::kCorruptFile, "my.json");
}

}  // namespace
}  // namespace manyshot::train
