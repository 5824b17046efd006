// The fused decoder against the dense-mask reference on small random networks, and what it promises about bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "core/error.h"
#include "core/parallel.h"
#include "encoding/compact_vocabulary.h"
#include "kernels/simd.h"
#include "model/model.h"
#include "model/tolerances.h"
#include "support/models/random_model.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {

using kernels::available_simd_levels;
using kernels::limit_simd;
using kernels::simd_level;
using kernels::simd_name;
using kernels::SimdLevel;

namespace {

std::vector<float> scores_of(const EncodedContext& context, const QueryTokens& queries, size_t num_answers) {
  std::vector<float> scores(queries.size() * num_answers);
  context.score(queries, scores);
  return scores;
}

std::vector<float> scores_of(const EncodedContext& context, const QueryTokens& queries) {
  return scores_of(context, queries, 10);
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max<double>(largest, std::abs(a[i] - b[i]));
  return largest;
}

QueryTokens slice(const QueryTokens& queries, size_t first, size_t last) {
  QueryTokens part;
  for (size_t query = first; query < last; ++query) {
    const auto tokens = queries[query];
    part.tokens.insert(part.tokens.end(), tokens.begin(), tokens.end());
    part.offsets.push_back(part.tokens.size());
  }
  return part;
}

// Restores what a test changes about the process.
class Decoder : public testing::Test {
 protected:
  void TearDown() override {
    set_num_threads(0);
    limit_simd(nullptr);
  }
};

struct ParityCase {
  const char* name;
  RandomModel model;
  size_t num_features, num_rows, num_queries;
};

void PrintTo(const ParityCase& test, std::ostream* out) { *out << test.name; }

class Parity : public testing::TestWithParam<ParityCase> {};

TEST_P(Parity, FusedEqualsReference) {
  if (!MANYSHOT_HAS_TORCH) GTEST_SKIP() << "built without libtorch";
  const ParityCase& test = GetParam();
  const TemporaryFolder folder;
  write_model(folder, test.model);
  const Prompt prompt = test.model.prompt(test.num_rows, test.num_features);
  const QueryTokens queries = test.model.queries(test.num_queries, test.num_features);
  const auto reference = load_model(folder.path(), {.engine = Engine::kReference})->encode(prompt);
  const size_t num_labels = prompt.answers.size();
  const auto expected = scores_of(*reference, queries, num_labels), expected_prequential = reference->prequential();

  const auto fused = load_model(folder.path(), {.dtype = DType::kFloat32, .engine = Engine::kFused})->encode(prompt);
  const auto expect_near = [&](const EncodedContext& context, const char* dtype, double tolerance) {
    const double difference = std::max(largest_difference(scores_of(context, queries, num_labels), expected),
                                       largest_difference(context.prequential(), expected_prequential));
    EXPECT_LT(difference, tolerance) << dtype;
    RecordProperty(dtype, std::to_string(difference));
  };
  expect_near(*fused, "float32", kAgainstReference.float32);
  if (kernels::has_bf16(simd_level())) {
    expect_near(*load_model(folder.path(), {.dtype = DType::kBFloat16})->encode(prompt), "bfloat16",
                kAgainstReference.bfloat16);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Parity,
    testing::Values(
        ParityCase{"one_of_each", {}, 1, 1, 1}, ParityCase{"small", {}, 3, 7, 5},
        ParityCase{"more_rows_than_a_task", {.seed = 2}, 2, 150, 70},
        ParityCase{"most_rows", {.num_layers = 3, .row_layers = 1, .seed = 3}, 1, 600, 3},
        ParityCase{"most_columns", {.seed = 4}, 64, 12, 4},
        ParityCase{"grouped_queries", {.hidden_size = 48, .num_heads = 6, .num_kv_heads = 2, .seed = 5}, 5, 33, 9},
        ParityCase{"one_key_head", {.num_heads = 4, .num_kv_heads = 1, .head_dim = 32, .seed = 6}, 4, 40, 6},
        ParityCase{
            "wide_heads", {.hidden_size = 16, .num_heads = 1, .num_kv_heads = 1, .head_dim = 48, .seed = 7}, 16, 20, 6},
        ParityCase{"odd_intermediate", {.intermediate_size = 33, .seed = 8}, 15, 17, 16},
        ParityCase{"narrow_intermediate", {.intermediate_size = 1, .seed = 9}, 6, 31, 2},
        ParityCase{"row_layers_but_one", {.num_layers = 5, .row_layers = 4, .seed = 10}, 7, 48, 8},
        ParityCase{"two_layers", {.num_layers = 2, .row_layers = 1, .seed = 11}, 9, 64, 64},
        ParityCase{"three_labels", {.seed = 12, .num_labels = 3, .max_features = 20}, 20, 16, 5},
        ParityCase{"typed_classes", {.seed = 14, .is_typed = true}, 9, 40, 7},
        ParityCase{"typed_numbers", {.seed = 15, .is_typed = true, .predicts_number = true}, 6, 70, 5},
        ParityCase{"default_shape",
                   {.hidden_size = 128,
                    .intermediate_size = 352,
                    .num_layers = 8,
                    .row_layers = 3,
                    .num_heads = 4,
                    .num_kv_heads = 4,
                    .head_dim = 32,
                    .seed = 13},
                   10,
                   65,
                   33}),
    [](const auto& test) { return std::string(test.param.name); });

// Runs `check` for every dtype of the fused engine that this machine has.
template <class Check>
void for_each_dtype(const Check& check) {
  for (const DType dtype : {DType::kFloat32, DType::kBFloat16}) {
    if (dtype == DType::kBFloat16 && !kernels::has_bf16(simd_level())) continue;
    SCOPED_TRACE(name_of(dtype));
    const auto model = load_model(source_path("models/default"), {.dtype = dtype});
    check(*model);
  }
}

// Prompts for the default weights, which are of version 2: numbers by value and rank, one of ten missing.
TokenId default_token(TokenId token) {
  const RandomModel from;
  const CompactVocabulary to = usual_vocabulary(2);
  if (token == from.bar()) return to.bar;
  if (token >= from.first_label()) return to.first_label + token - from.first_label();
  return token % 10 == 3 ? to.cells->missing : to.cells->pair(token * 10, 999 - token * 10);
}
Prompt default_prompt(size_t num_rows, size_t num_features) {
  Prompt prompt = RandomModel().prompt(num_rows, num_features);
  for (TokenId& token : prompt.context) token = default_token(token);
  for (auto& answer : prompt.answers) answer[0] = default_token(answer[0]);
  return prompt;
}
QueryTokens default_queries(size_t count, size_t num_features) {
  QueryTokens queries = RandomModel().queries(count, num_features);
  for (TokenId& token : queries.tokens) token = default_token(token);
  return queries;
}

TEST_F(Decoder, QueryHasTheSameBitsInAnyBatch) {
  for_each_dtype([](const Model& model) {
    for (size_t num_features : {1, 7, 20}) {
      set_num_threads(2);
      const auto context = model.encode(default_prompt(70, num_features));
      const QueryTokens queries = default_queries(200, num_features);
      const std::vector<float> all = scores_of(*context, queries);
      for (const auto& [first, last] :
           std::initializer_list<std::pair<size_t, size_t>>{{0, 1}, {199, 200}, {37, 38}, {3, 8}, {61, 80}, {5, 150}}) {
        for (int threads : {1, 2, 7}) {
          set_num_threads(threads);
          const std::vector<float> part = scores_of(*context, slice(queries, first, last));
          EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + static_cast<ptrdiff_t>(first * 10)))
              << "queries " << first << ".." << last << ", " << num_features << " columns, " << threads << " threads";
        }
      }
    }
  });
}

TEST_F(Decoder, ContextHasTheSameBitsWithAnyThreads) {
  for_each_dtype([](const Model& model) {
    for (size_t num_rows : {1, 5, 130}) {
      const Prompt prompt = default_prompt(num_rows, 9);
      const QueryTokens queries = default_queries(20, 9);
      set_num_threads(1);
      const auto one = model.encode(prompt);
      const auto expected = scores_of(*one, queries), expected_prequential = one->prequential();
      for (int threads : {2, 7}) {
        set_num_threads(threads);
        const auto context = model.encode(prompt);
        EXPECT_EQ(scores_of(*context, queries), expected) << num_rows << " rows, " << threads << " threads";
        EXPECT_EQ(context->prequential(), expected_prequential) << num_rows << " rows, " << threads << " threads";
      }
    }
  });
}

TEST_F(Decoder, RowsBehindALabelledRowDoNotChangeItsPrequentialBits) {
  for_each_dtype([](const Model& model) {
    Prompt prompt = default_prompt(90, 4);
    const std::vector<float> all = model.encode(prompt)->prequential();
    prompt.context.resize(33 * 6);
    const std::vector<float> first = model.encode(prompt)->prequential();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
  });
}

TEST_F(Decoder, ScoreMayRunFromSeveralThreads) {
  for_each_dtype([](const Model& model) {
    const auto context = model.encode(default_prompt(40, 6));
    const QueryTokens queries = default_queries(50, 6);
    const std::vector<float> expected = scores_of(*context, queries);
    std::vector<std::vector<float>> got(4);
    std::vector<std::thread> threads;
    for (auto& scores : got) threads.emplace_back([&] { scores = scores_of(*context, queries); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& scores : got) EXPECT_EQ(scores, expected);
  });
}

TEST_F(Decoder, ContextOutlivesItsModel) {
  std::unique_ptr<EncodedContext> context;
  std::vector<float> expected;
  {
    const auto model = load_model(source_path("models/default"));
    context = model->encode(default_prompt(8, 3));
    expected = scores_of(*context, default_queries(2, 3));
  }
  EXPECT_EQ(scores_of(*context, default_queries(2, 3)), expected);
}

TEST_F(Decoder, Float32HasTheSameBitsOnEveryInstructionSetWithFusedMultiplyAdd) {
  const Prompt prompt = default_prompt(70, 20);
  const QueryTokens queries = default_queries(30, 20);
  std::vector<std::vector<float>> results;
  for (SimdLevel level : available_simd_levels()) {
    if (level != SimdLevel::kAvx2 && level != SimdLevel::kAvx512) continue;
    limit_simd(simd_name(level));
    const auto model = load_model(source_path("models/default"), {.dtype = DType::kFloat32});
    EXPECT_EQ(model->info().engine, fmt::format("fused float32 ({})", simd_name(level)));
    const auto context = model->encode(prompt);
    results.push_back(scores_of(*context, queries));
    const auto prequential = context->prequential();
    results.back().insert(results.back().end(), prequential.begin(), prequential.end());
  }
  if (results.size() < 2) GTEST_SKIP() << "this machine has no AVX2 and AVX-512 to compare";
  EXPECT_EQ(results[0], results[1]);
}

TEST_F(Decoder, EveryInstructionSetGivesTheSameAnswers) {
  const Prompt prompt = default_prompt(40, 12);
  const QueryTokens queries = default_queries(10, 12);
  const auto best =
      scores_of(*load_model(source_path("models/default"), {.dtype = DType::kFloat32})->encode(prompt), queries);
  for (SimdLevel level : available_simd_levels()) {
    limit_simd(simd_name(level));
    const auto scores =
        scores_of(*load_model(source_path("models/default"), {.dtype = DType::kFloat32})->encode(prompt), queries);
    EXPECT_LT(largest_difference(scores, best), 1e-4) << simd_name(level);
    limit_simd(nullptr);
  }
}

TEST_F(Decoder, AnswersAreLogSoftmaxOverAllLabelsWhateverIsAsked) {
  const auto model = load_model(source_path("models/default"));
  Prompt prompt = default_prompt(20, 5);
  const QueryTokens queries = default_queries(3, 5);
  const std::vector<float> all = scores_of(*model->encode(prompt), queries);
  for (size_t query = 0; query < 3; ++query) {
    double sum = 0;
    for (size_t label = 0; label < 10; ++label) sum += std::exp(all[query * 10 + label]);
    EXPECT_NEAR(sum, 1, 1e-5);
  }
  const TokenId first_label = usual_vocabulary(2).first_label;
  prompt.answers = {{first_label + 7}, {first_label + 2}};
  const std::vector<float> two = scores_of(*model->encode(prompt), queries, 2);
  for (size_t query = 0; query < 3; ++query) {
    EXPECT_EQ(two[query * 2], all[query * 10 + 7]);
    EXPECT_EQ(two[query * 2 + 1], all[query * 10 + 2]);
  }
}

TEST_F(Decoder, WorkedExampleOfTheFormatDocument) {
  Prompt prompt{
      .layout = PromptLayout::kRows, .num_features = 2, .context = {620, 380, 1010, 1001, 380, 620, 1010, 1000}};
  prompt.answers = {{1000}, {1001}};
  const QueryTokens query{.tokens = {548, 440, 1010}, .offsets = {0, 3}};
  const auto model = load_model(source_path("tests/data/compact_golden"), {.dtype = DType::kFloat32});
  const std::vector<float> scores = scores_of(*model->encode(prompt), query, 2);
  EXPECT_NEAR(scores[0], -1.0324, 1e-4);
  EXPECT_NEAR(scores[1], -0.5950, 1e-4);
}

TEST_F(Decoder, NoQueriesLeaveTheContextAsItWas) {
  const auto model = load_model(source_path("models/default"));
  const auto asked = model->encode(default_prompt(4, 3)), fresh = model->encode(default_prompt(4, 3));
  EXPECT_NO_THROW(asked->score({}, {}));
  EXPECT_EQ(scores_of(*asked, default_queries(5, 3)), scores_of(*fresh, default_queries(5, 3)));
}

TEST_F(Decoder, InfoTellsTheModelsLimits) {
  const auto model = load_model(source_path("tests/data/compact_golden"));
  const ModelInfo& info = model->info();
  EXPECT_EQ(info.layout, PromptLayout::kRows);
  EXPECT_EQ(info.num_parameters, 1745408);
  EXPECT_EQ(info.num_layers, 8);
  EXPECT_EQ(info.hidden_size, 128);
  EXPECT_EQ(info.max_classes, 10);
  EXPECT_EQ(info.max_features, 64);
  EXPECT_EQ(info.trained_features, 20);
  EXPECT_EQ(info.trained_shots, 640);
  EXPECT_EQ(info.vocabulary.first_number, 0);
  EXPECT_EQ(info.vocabulary.first_label, 1000);
  EXPECT_EQ(info.vocabulary.bar, 1010);
}

}  // namespace
}  // namespace manyshot
