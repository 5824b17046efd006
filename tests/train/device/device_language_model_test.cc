// Language models that answer on a device, against our own kernels: log-probabilities behind cached beginnings, and
// texts that grow. On libtorch's CPU everywhere, on a GPU where there is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "model/language/device_library.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/random_source.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

class DeviceLanguageModel : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    device_ = parse_device(GetParam());
    try {
      open_both(small_llama());
    } catch (const Error& error) {
      if (!device_.is_cuda()) throw;
      std::printf("skipped: %s\n", error.what());
      GTEST_SKIP() << error.what();
    }
  }

  void open_both(const LanguageModelConfig& config) {
    const RandomSource source(config);
    ours_ = LanguageModel::load(source, DType::kFloat32);
    theirs_ = reinterpret_cast<MakeDeviceLanguageModel*>(open_device_library(device_, kMakeDeviceLanguageModelSymbol))(
        source, device_, device_.is_cuda() ? std::nullopt : std::optional(DType::kFloat32));
  }
  double tolerance() const { return device_.is_cuda() ? 0.15 : 1e-3; }

  void expect_near(std::span<const float> found, std::span<const float> expected) const {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance()) << i;
  }

  // Texts of one piece, of several pieces, beside each other, and branches behind all of them.
  void expect_same_scores(const LanguageModelConfig& config) {
    open_both(config);
    const std::vector<TokenId> beginning = random_tokens(config, 37, 1), piece = random_tokens(config, 5, 2),
                               other = random_tokens(config, 9, 3), ending = random_tokens(config, 4, 4);
    std::vector<std::vector<BranchScore>> scores;
    for (const LanguageModel* model : {ours_.get(), theirs_.get()}) {
      const TextCachePtr first = model->prefill(beginning);
      const Continuation continuations[] = {{first, piece}, {nullptr, other}, {first, {}}, {first, other}};
      const std::vector<TextCachePtr> texts = model->extend(continuations);
      EXPECT_EQ(texts[0]->num_tokens(), 42u);
      EXPECT_EQ(texts[2]->num_tokens(), 37u);
      const std::span<const TokenId> candidates = std::span(other).first(3);
      const std::vector<Branch> branches = {
          {.prefix = texts[0], .tokens = ending, .candidates = candidates, .wants_most_likely = true},
          {.prefix = texts[0], .tokens = piece, .first_scored = 2},
          {.prefix = texts[0], .tokens = {}, .candidates = candidates},
          {.prefix = nullptr, .tokens = beginning, .first_scored = 1},
          {.prefix = texts[1], .tokens = ending},
          {.prefix = texts[3], .tokens = std::span(ending).first(1), .wants_most_likely = true},
          {.prefix = first, .tokens = ending}};
      scores.push_back(model->score(branches));
    }
    ASSERT_EQ(scores[1].size(), scores[0].size());
    for (size_t i = 0; i < scores[0].size(); ++i) {
      SCOPED_TRACE(i);
      expect_near(scores[1][i].log_probs, scores[0][i].log_probs);
      expect_near(scores[1][i].candidates, scores[0][i].candidates);
      if (device_.is_cuda()) continue;
      EXPECT_EQ(scores[1][i].most_likely, scores[0][i].most_likely);
    }
  }

  Device device_;
  std::unique_ptr<LanguageModel> ours_, theirs_;
};

TEST_P(DeviceLanguageModel, ScoresOfALlama) { expect_same_scores(small_llama()); }
TEST_P(DeviceLanguageModel, ScoresOfAQwen2) { expect_same_scores(small_qwen2()); }

TEST_P(DeviceLanguageModel, GrowingTexts) {
  const LanguageModelConfig& config = ours_->config();
  const std::vector<TokenId> beginning = random_tokens(config, 21, 1), first = random_tokens(config, 3, 2),
                             more = random_tokens(config, 30, 3);
  std::vector<std::vector<NextToken>> predicted;
  for (const LanguageModel* model : {ours_.get(), theirs_.get()}) {
    const auto behind = model->begin_text(model->prefill(beginning)), alone = model->begin_text();
    const Growth together[] = {{behind.get(), first, 2}, {alone.get(), more, 1}};
    std::vector<NextToken> all = model->grow(together);
    for (const TokenId& token : more) {  // more steps than a text keeps pieces
      const Growth step[] = {{behind.get(), {&token, 1}, 1}};
      all.push_back(model->grow(step).front());
    }
    EXPECT_EQ(behind->num_tokens(), 21u + 3 + 30);
    EXPECT_EQ(alone->num_tokens(), 30u);
    predicted.push_back(std::move(all));
  }
  ASSERT_EQ(predicted[1].size(), 3u + more.size());
  for (size_t i = 0; i < predicted[0].size(); ++i) {
    SCOPED_TRACE(i);
    for (TokenId token = 0; token < config.vocab_size; token += 7) {
      EXPECT_NEAR(predicted[1][i].log_prob(token), predicted[0][i].log_prob(token), tolerance());
    }
  }
}

TEST_P(DeviceLanguageModel, WhatItRefuses) {
  const TokenId unknown = theirs_->config().vocab_size;
  EXPECT_THAT(error_of([&] { theirs_->prefill({&unknown, 1}); }).what(), HasSubstr("is not in the vocabulary"));
  EXPECT_THAT(error_of([&] { theirs_->prefill({}); }).what(), HasSubstr("an empty text"));
  const TokenId token = 1;
  const TextCachePtr foreign = ours_->prefill({&token, 1});
  EXPECT_THAT(error_of([&] { theirs_->extend(foreign, {&token, 1}); }).what(), HasSubstr("another model"));
}

INSTANTIATE_TEST_SUITE_P(Devices, DeviceLanguageModel, ::testing::Values("torch-cpu", "cuda"),
                         [](const auto& value) { return std::string(value.param) == "cuda" ? "Gpu" : "TorchCpu"; });

}  // namespace
}  // namespace manyshot::train
