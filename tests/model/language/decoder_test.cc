// The language model's decoder against its plain definition, and the promise that bits depend on a text alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "kernels/simd.h"
#include "model/dtype.h"
#include "model/language/dense_decoder.h"
#include "model/language/language_model.h"
#include "model/tolerances.h"
#include "support/error.h"
#include "support/models/random_source.h"

namespace manyshot {

using kernels::available_simd_levels;
using kernels::limit_simd;
using kernels::SimdLevel;

namespace {

using Tokens = std::vector<TokenId>;

bool has_bfloat16() { return kernels::has_bf16(available_simd_levels().back()); }

std::span<const TokenId> part(const Tokens& tokens, size_t first, size_t last) {
  return std::span(tokens).subspan(first, last - first);
}

struct Case {
  std::string name;
  LanguageModelConfig config;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

Case scaled(std::string name, LanguageModelConfig config, const RopeScaling& scaling) {
  config.rope_scaling = scaling;
  return {std::move(name), config};
}

std::vector<Case> cases() {
  using Type = RopeScaling::Type;
  std::vector<Case> all{{"llama", small_llama()}, {"qwen2", small_qwen2()}};
  all.push_back(scaled("linear", small_llama(), {.type = Type::kLinear, .factor = 4}));
  all.push_back(
      scaled("llama3", small_llama(), {.type = Type::kLlama3, .factor = 8, .original_max_position_embeddings = 64}));
  all.push_back(
      scaled("yarn", small_qwen2(), {.type = Type::kYarn, .factor = 4, .original_max_position_embeddings = 128}));
  all.push_back(scaled("yarn_attention", small_llama(),
                       {.type = Type::kYarn,
                        .factor = 2,
                        .beta_fast = 16,
                        .beta_slow = 2,
                        .attention_factor = 1.25,
                        .original_max_position_embeddings = 256}));
  all.push_back(
      scaled("factors", small_llama(), {.type = Type::kFactors, .frequency_factors = {1, 1, 1, 2, 3, 5, 8, 8}}));
  LanguageModelConfig wide_heads = small_qwen2();
  wide_heads.num_attention_heads = 2;
  wide_heads.head_dim = 80;
  all.push_back({"head_dim_80", wide_heads});
  LanguageModelConfig untied = small_llama();
  untied.tie_word_embeddings = false;
  untied.num_key_value_heads = 4;
  all.push_back({"untied_without_groups", untied});
  LanguageModelConfig one_layer = small_llama();
  one_layer.num_hidden_layers = 1;
  one_layer.vocab_size = 1300;  // several tiles of the head
  all.push_back({"one_layer", one_layer});
  return all;
}

class DecoderCases : public testing::TestWithParam<Case> {
 protected:
  void expect_close(DType dtype, double tolerance) {
    const RandomSource source(GetParam().config);
    const auto model = LanguageModel::load(source, dtype);
    const Tokens tokens = random_tokens(source.config(), 150);
    const auto expected = dense_log_probs(source, tokens);
    const Tokens candidates{0, 17, static_cast<TokenId>(source.config().vocab_size - 1)};
    const Branch branch{nullptr, tokens, /*first_scored=*/1, candidates, /*wants_most_likely=*/true};
    const BranchScore score = model->score({&branch, 1}).front();
    ASSERT_EQ(score.log_probs.size(), tokens.size() - 1);
    for (size_t i = 1; i < tokens.size(); ++i) {
      ASSERT_NEAR(score.log_probs[i - 1], expected[i - 1][static_cast<size_t>(tokens[i])], tolerance) << i;
    }
    for (size_t i = 0; i < candidates.size(); ++i) {
      EXPECT_NEAR(score.candidates[i], expected.back()[static_cast<size_t>(candidates[i])], tolerance);
    }
    EXPECT_NEAR(expected.back()[static_cast<size_t>(score.most_likely)],
                *std::max_element(expected.back().begin(), expected.back().end()), 2 * tolerance);
  }
};

TEST_P(DecoderCases, Float32GivesTheDefinitionsLogProbs) {
  expect_close(DType::kFloat32, kLanguageAgainstDefinition.float32);
}

TEST_P(DecoderCases, BFloat16GivesTheDefinitionsLogProbsNearly) {
  if (!has_bfloat16()) GTEST_SKIP() << "needs avx512_bf16";
  expect_close(DType::kBFloat16, kLanguageAgainstDefinition.bfloat16);
}

INSTANTIATE_TEST_SUITE_P(All, DecoderCases, testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

// Everything below holds bit for bit, in both dtypes.
class DecoderBits : public testing::TestWithParam<DType> {
 protected:
  void SetUp() override {
    if (GetParam() == DType::kBFloat16 && !has_bfloat16()) GTEST_SKIP() << "needs avx512_bf16";
    model_ = LanguageModel::load(RandomSource(small_llama()), GetParam());
    tokens_ = random_tokens(model_->config(), 200);
    const Branch whole{nullptr, tokens_, 1, candidates_};
    expected_ = model_->score({&whole, 1}).front();
  }
  void TearDown() override { set_num_threads(0); }

  // Of the text's last tokens behind `prefix`.
  void expect_rest(const TextCachePtr& prefix, const std::string& what) {
    const Branch rest{prefix, part(tokens_, prefix->num_tokens(), tokens_.size()), 0, candidates_};
    const BranchScore score = model_->score({&rest, 1}).front();
    const std::vector<float> expected(
        expected_.log_probs.begin() + static_cast<std::ptrdiff_t>(prefix->num_tokens() - 1), expected_.log_probs.end());
    EXPECT_EQ(score.log_probs, expected) << what;
    EXPECT_EQ(score.candidates, expected_.candidates) << what;
  }

  std::unique_ptr<LanguageModel> model_;
  Tokens tokens_;
  const Tokens candidates_{3, 99};
  BranchScore expected_;
};

INSTANTIATE_TEST_SUITE_P(DTypes, DecoderBits, testing::Values(DType::kFloat32, DType::kBFloat16),
                         [](const auto& test) { return test.param == DType::kFloat32 ? "float32" : "bfloat16"; });

TEST_P(DecoderBits, CachedOrNot) {
  for (size_t cached : {1, 2, 63, 64, 65, 100, 127, 128, 129, 199, 200}) {
    expect_rest(model_->prefill(part(tokens_, 0, cached)), std::to_string(cached) + " cached");
  }
}

TEST_P(DecoderBits, AnyChunks) {
  for (const std::vector<size_t>& ends :
       {std::vector<size_t>{1, 2, 3}, {50, 60, 70, 150}, {64, 128, 192}, {5, 69, 133, 134, 199}}) {
    TextCachePtr text = model_->prefill(part(tokens_, 0, ends[0]));
    for (size_t i = 1; i < ends.size(); ++i) text = model_->extend(text, part(tokens_, ends[i - 1], ends[i]));
    expect_rest(text, testing::PrintToString(ends));
  }
}

TEST_P(DecoderBits, TextsLongerThanAPass) {
  LanguageModelConfig config = small_llama();
  config.max_position_embeddings = 5000;
  config.num_hidden_layers = 1;
  const auto model = LanguageModel::load(RandomSource(config), GetParam());
  const Tokens tokens = random_tokens(config, 4500);
  const Branch whole{nullptr, tokens, 4400};
  const auto prefix = model->prefill(part(tokens, 0, 4450));
  const Branch rest{prefix, part(tokens, 4450, 4500), 0};
  const auto expected = model->score({&whole, 1}).front().log_probs, found = model->score({&rest, 1}).front().log_probs;
  EXPECT_EQ(found, std::vector<float>(expected.begin() + 50, expected.end()));
}

TEST_P(DecoderBits, AnyNeighboursAndThreads) {
  const TextCachePtr prefix = model_->prefill(part(tokens_, 0, 100)),
                     longer = model_->extend(prefix, part(tokens_, 100, 130));
  std::vector<Tokens> texts;
  for (size_t i = 0; i < 40; ++i) texts.push_back(random_tokens(model_->config(), 1 + i * 7 % 90, i));
  std::vector<Branch> branches;
  for (size_t i = 0; i < texts.size(); ++i) {
    const TextCachePtr& behind = i % 5 == 1 ? longer : i % 5 == 4 ? nullptr : prefix;
    branches.push_back({behind, texts[i], behind ? i % 3 % (texts[i].size() + 1) : 1, candidates_, i % 2 == 0});
  }
  std::vector<BranchScore> alone;
  for (const Branch& branch : branches) alone.push_back(model_->score({&branch, 1}).front());
  for (int threads : {1, 2, 7}) {
    set_num_threads(threads);
    const std::vector<BranchScore> together = model_->score(branches);
    ASSERT_EQ(together.size(), branches.size());
    for (size_t i = 0; i < branches.size(); ++i) {
      EXPECT_EQ(together[i].log_probs, alone[i].log_probs) << i;
      EXPECT_EQ(together[i].candidates, alone[i].candidates) << i;
      EXPECT_EQ(together[i].most_likely, alone[i].most_likely) << i;
    }
    expect_rest(model_->prefill(part(tokens_, 0, 150)), std::to_string(threads) + " threads");
  }
}

TEST_P(DecoderBits, ManyTextsExtendedAtOnce) {
  const TextCachePtr prefix = model_->prefill(part(tokens_, 0, 90));
  const std::vector<Continuation> continuations{{prefix, part(tokens_, 90, 140)},
                                                {nullptr, part(tokens_, 0, 70)},
                                                {prefix, part(tokens_, 90, 91)},
                                                {prefix, {}},
                                                {prefix, part(tokens_, 90, 200)}};
  for (const TextCachePtr& text : model_->extend(continuations)) expect_rest(text, std::to_string(text->num_tokens()));
}

TEST_P(DecoderBits, OnlyWhatIsAskedFor) {
  const TextCachePtr prefix = model_->prefill(part(tokens_, 0, 80));
  const auto rest = part(tokens_, 80, 200);
  const std::vector<Branch> branches{
      {prefix, rest, 119}, {prefix, rest, 120}, {prefix, {}, 0, part(tokens_, 80, 81)}, {prefix, rest.first(1)}};
  const std::vector<BranchScore> scores = model_->score(branches);
  EXPECT_EQ(scores[0].log_probs, std::vector<float>{expected_.log_probs.back()});
  EXPECT_TRUE(scores[1].log_probs.empty());
  EXPECT_EQ(scores[2].candidates, std::vector<float>{expected_.log_probs[79]});
  EXPECT_EQ(scores[3].log_probs, std::vector<float>{expected_.log_probs[79]});
  EXPECT_EQ(scores[3].most_likely, -1);
}

// Texts that grow by any steps, from any beginning and beside others, predict what score() says.
TEST_P(DecoderBits, GrowingTexts) {
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    const TextCachePtr prefix = model_->prefill(part(tokens_, 0, 37));
    const auto from_prefix = model_->begin_text(prefix), from_nothing = model_->begin_text();
    EXPECT_EQ(from_prefix->num_tokens(), 37u);
    size_t places[2] = {37, 0};
    const size_t steps[2] = {1, 60};
    while (places[0] < 150 || places[1] < 150) {
      std::vector<Growth> growths;
      std::vector<std::pair<int, size_t>> wanted;  // which text, and what stands before the predicted token
      for (int text = 0; text < 2; ++text) {
        const size_t end = std::min(places[text] + steps[text], size_t{150});
        if (end == places[text]) continue;
        const size_t num_wanted = std::min(end - places[text], size_t{20});
        growths.push_back(
            {(text == 0 ? from_prefix : from_nothing).get(), part(tokens_, places[text], end), num_wanted});
        for (size_t place = end - num_wanted; place < end; ++place) wanted.emplace_back(text, place + 1);
        places[text] = end;
      }
      const std::vector<NextToken> next = model_->grow(growths);
      ASSERT_EQ(next.size(), wanted.size());
      for (size_t i = 0; i < next.size(); ++i) {
        const auto [text, place] = wanted[i];
        EXPECT_EQ(next[i].log_prob(tokens_[place]), expected_.log_probs[place - 1]) << text << " at " << place;
        EXPECT_EQ(next[i].logits.size(), static_cast<size_t>(model_->config().vocab_size));
      }
    }
    EXPECT_EQ(from_prefix->num_tokens(), 150u);
  }
}

TEST(LanguageModel, BadGrowth) {
  const auto model = LanguageModel::load(RandomSource(small_llama()), DType::kFloat32);
  const Tokens fits = random_tokens(model->config(), 512), one{1}, outside{165};
  const auto text = model->begin_text();
  const auto grow = [&](std::span<const TokenId> tokens, size_t num_wanted) {
    const Growth growth{text.get(), tokens, num_wanted};
    return model->grow({&growth, 1});
  };
  EXPECT_EQ(grow(fits, 0).size(), 0u);
  EXPECT_ERROR(grow(one, 1), ErrorKind::kBadInput, "a text of 513 tokens is longer than the 512 that random can read");
  EXPECT_ERROR(grow(outside, 1), ErrorKind::kBadInput, "token 165");
  EXPECT_ERROR(grow({}, 0), ErrorKind::kInternal, "a text grows by 0 tokens, 0 predictions are wanted");
  EXPECT_EQ(text->num_tokens(), 512u) << "refused tokens leave it as it was";
}

TEST(LanguageModel, OutlivedByItsTexts) {
  auto model = LanguageModel::load(RandomSource(small_llama()), DType::kFloat32);
  const TextCachePtr text = model->prefill(random_tokens(model->config(), 10));
  model.reset();
  EXPECT_EQ(text->num_tokens(), 10u);
}

TEST(LanguageModel, CountsParameters) {
  EXPECT_EQ(num_parameters(small_llama()), 165 * 64 + 64 + 2 * (64 * (128 + 64 + 3 * 72 + 2)));
  EXPECT_EQ(num_parameters(small_qwen2()), 2 * 165 * 64 + 64 + 2 * (64 * (128 + 96 + 3 * 72 + 2) + 128));
}

TEST(LanguageModel, BadTexts) {
  const auto model = LanguageModel::load(RandomSource(small_llama()), DType::kFloat32);
  const Tokens fits = random_tokens(model->config(), 512), one{1};
  const TextCachePtr full = model->prefill(fits);
  EXPECT_ERROR(model->extend(full, one), ErrorKind::kBadInput,
               "a text of 513 tokens is longer than the 512 that random can read");
  const Branch behind_full{full, one}, outside{nullptr, part(fits, 0, 2), 1, {}};
  EXPECT_ERROR(model->score({&behind_full, 1}), ErrorKind::kBadInput, "a text of 513 tokens");
  EXPECT_ERROR(model->prefill({}), ErrorKind::kBadInput, "an empty text");
  EXPECT_ERROR(model->prefill(Tokens{0, 165}), ErrorKind::kBadInput,
               "token 165 is not in the vocabulary of 165 tokens of random");
  EXPECT_ERROR(model->prefill(Tokens{-1}), ErrorKind::kBadInput, "token -1");
  const Tokens bad_candidate{165};
  const Branch candidates{nullptr, one, 1, bad_candidate}, first_unknown{nullptr, one, 0}, beyond{nullptr, one, 2};
  EXPECT_ERROR(model->score({&candidates, 1}), ErrorKind::kBadInput, "token 165");
  EXPECT_ERROR(model->score({&first_unknown, 1}), ErrorKind::kInternal, "a branch of 1 tokens scored from token 0");
  EXPECT_ERROR(model->score({&beyond, 1}), ErrorKind::kInternal, "a branch of 1 tokens scored from token 2");
  const auto other = LanguageModel::load(RandomSource(small_llama()), DType::kFloat32);
  EXPECT_ERROR(other->extend(full, {}), ErrorKind::kInternal, "a text cached by another model");
}

void expect_load_error(const std::function<void(RandomSource&)>& damage, ErrorKind kind, const char* text) {
  RandomSource source(small_llama());
  damage(source);
  EXPECT_ERROR(LanguageModel::load(source, DType::kFloat32), kind, text);
}

TEST(LanguageModel, BadWeights) {
  expect_load_error(
      [](RandomSource& source) {
        source.tensor("model.layers.1.mlp.up_proj.weight").shape = {72, 63};
      },
      ErrorKind::kCorruptFile,
      "random: tensor \"model.layers.1.mlp.up_proj.weight\" has shape [72, 63], the model's config asks for [72, 64]");
  expect_load_error(
      [](RandomSource& source) {
        source.tensor("model.norm.weight").shape = {1, 64};
      },
      ErrorKind::kCorruptFile, "[1, 64]");
  expect_load_error([](RandomSource& source) { source.tensor("model.embed_tokens.weight").values[3 * 64 + 5] = NAN; },
                    ErrorKind::kCorruptFile, "tensor \"model.embed_tokens.weight\" holds nan in row 3, column 5");
  expect_load_error([](RandomSource& source) { source.mutable_config().head_dim = 24; }, ErrorKind::kUnsupported,
                    "head_dim is 24, the decoder needs a multiple of 16");
  expect_load_error([](RandomSource& source) { source.mutable_config().hidden_size = 72; }, ErrorKind::kUnsupported,
                    "hidden_size is 72");
  expect_load_error([](RandomSource& source) { source.mutable_config().num_key_value_heads = 3; },
                    ErrorKind::kUnsupported,
                    "num_attention_heads is 4, the decoder needs a multiple of num_key_value_heads");
}

TEST(LanguageModel, BFloat16NeedsTheProcessor) {
  limit_simd("baseline");
  EXPECT_ERROR(LanguageModel::load(RandomSource(small_llama()), DType::kBFloat16), ErrorKind::kUnsupported,
               "dtype bfloat16 needs a processor with avx512_bf16, in use is baseline");
  limit_simd(nullptr);
}

}  // namespace
}  // namespace manyshot
