// What a trainer relies on: bits that do not depend on threads or on other tasks, masks without leaks, export.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "kernels/bfloat16.h"
#include "kernels/simd.h"
#include "model/compact/compact_folder.h"
#include "model/compact/compact_prompt.h"
#include "model/dtype.h"
#include "model/model.h"
#include "support/error.h"
#include "support/temporary_folder.h"
#include "train/compact/added_layers.h"
#include "train/compact/number_features.h"
#include "train/compact/random_tasks.h"
#include "train/compact/upgrade_weights.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::simd_level;
using kernels::SimdLevel;

namespace {

using ::testing::StrEq;

std::vector<DType> dtypes() {
  std::vector<DType> all{DType::kFloat32};
  if (kernels::has_bf16(simd_level())) all.push_back(DType::kBFloat16);
  return all;
}

std::vector<TrainSample> some_tasks() {
  std::vector<TrainSample> batch;
  for (uint32_t i = 0; i < 7; ++i) {
    batch.push_back(random_task({.num_labelled = 3 + 9 * i, .num_queries = i, .num_features = 1 + i}, 20 + i));
  }
  return batch;
}

std::vector<float> gradients_of(CompactModel& model, std::span<const TrainSample> batch, LossSum* sum = nullptr) {
  zero_gradients(model.parameters());
  const LossSum got = model.accumulate(batch, 1.0f, 0);
  if (sum != nullptr) *sum = got;
  std::vector<float> all;
  for (const Parameter& parameter : model.parameters()) {
    all.insert(all.end(), parameter.gradient.begin(), parameter.gradient.end());
  }
  return all;
}

TEST(CompactModel, SameBitsAtAnyNumberOfThreads) {
  for (const DType dtype : dtypes()) {
    SCOPED_TRACE(name_of(dtype));
    const std::vector<TrainSample> batch = some_tasks();
    std::vector<float> first;
    double first_loss = 0;
    for (const int threads : {1, 2, 3, 32}) {  // more than tasks, too
      set_num_threads(threads);
      const auto model = make_compact_model(small_network(dtype));
      LossSum sum;
      const std::vector<float> gradients = gradients_of(*model, batch, &sum);
      if (threads == 1) first = gradients, first_loss = sum.loss;
      EXPECT_EQ(gradients, first) << threads << " threads";
      EXPECT_EQ(sum.loss, first_loss);
    }
    set_num_threads(0);
  }
}

TEST(CompactModel, GradientsAddUpOverBatchesAndScales) {
  const auto model = make_compact_model(small_network(DType::kFloat32));
  const std::vector<TrainSample> batch = some_tasks();
  const std::vector<float> whole = gradients_of(*model, batch);
  zero_gradients(model->parameters());
  model->accumulate(std::span(batch).first(3), 0.5f, 0);
  model->accumulate(std::span(batch).first(3), 0.5f, 0);
  model->accumulate(std::span(batch).subspan(3), 1.0f, 0);
  size_t i = 0;
  for (const Parameter& parameter : model->parameters()) {
    double largest = 0;
    for (const float value : parameter.gradient) largest = std::max(largest, std::abs(static_cast<double>(value)));
    for (const float value : parameter.gradient)
      ASSERT_NEAR(value, whole[i++], 1e-5 * largest + 1e-6) << parameter.name;
  }
}

// One task changes; the other's loss keeps its bits.
TEST(CompactModel, TasksOfABatchDoNotSeeEachOther) {
  for (const DType dtype : dtypes()) {
    const auto model = make_compact_model(small_network(dtype));
    std::vector<TrainSample> batch = {random_task({.num_labelled = 20}, 1), random_task({.num_labelled = 11}, 2)};
    const double other = model->loss(std::span(batch).subspan(1)).loss;
    const double before = model->loss(batch).loss - model->loss(std::span(batch).first(1)).loss;
    batch[0].tokens[0] = (batch[0].tokens[0] + 500) % 1000;
    const double changed = model->loss(std::span(batch).first(1)).loss;
    EXPECT_EQ(model->loss(batch).loss, changed + other);
    EXPECT_NEAR(before, other, 1e-9);
  }
}

std::vector<float> row_of(const std::vector<float>& values, size_t row) {
  return {values.begin() + static_cast<std::ptrdiff_t>(row * 10),
          values.begin() + static_cast<std::ptrdiff_t>(row * 10 + 10)};
}

TEST(CompactModel, RowsSeeEarlierRowsOnlyAndQueriesNoQuery) {
  for (const DType dtype : dtypes()) {
    SCOPED_TRACE(name_of(dtype));
    const auto model = make_compact_model(small_network(dtype));
    const TrainSample sample = random_task({.num_labelled = 37, .num_queries = 5, .num_features = 4}, 3);
    const std::vector<float> before = model->log_probabilities(sample);

    TrainSample later_row = sample;  // values and label of labelled row 30
    later_row.tokens[30 * sample.row_tokens()] ^= 256;
    later_row.tokens[31 * sample.row_tokens() - 1] = 1009;
    const std::vector<float> after_row = model->log_probabilities(later_row);
    for (size_t row = 0; row < 30; ++row) EXPECT_EQ(row_of(after_row, row), row_of(before, row)) << row;
    EXPECT_NE(row_of(after_row, 31), row_of(before, 31));
    EXPECT_NE(row_of(after_row, 40), row_of(before, 40));

    TrainSample own_label = sample;  // a bar does not see its own label
    own_label.tokens[37 * sample.row_tokens() - 1] = 1009;
    EXPECT_EQ(row_of(model->log_probabilities(own_label), 36), row_of(before, 36));

    TrainSample query = sample;
    query.tokens[38 * sample.row_tokens()] ^= 256;
    query.tokens[39 * sample.row_tokens() - 1] = 1009;  // a query's label is never read
    const std::vector<float> after_query = model->log_probabilities(query);
    for (size_t row = 0; row < 42; ++row) {
      if (row == 38) continue;
      EXPECT_EQ(row_of(after_query, row), row_of(before, row)) << row;
    }
    EXPECT_NE(row_of(after_query, 38), row_of(before, 38));
  }
}

// The decoder that predicts, on the exported folder, answers as the network in training.
void expect_folder_answers_alike(const RandomTask& task, const DType dtype) {
  CompactNetworkOptions options = small_network(dtype, task.version);
  options.residual_decay = 0.95;
  const auto model = make_compact_model(options);
  const TrainSample sample = random_task(task, 4);
  const std::vector<float> expected = model->log_probabilities(sample);

  const TemporaryFolder folder;
  write_compact_folder(folder.path(), model->config(), model->exported(), dtype);
  const auto decoder = load_model(folder.path(), {.dtype = dtype});
  Prompt prompt{.layout = PromptLayout::kRows, .num_features = sample.num_features};
  prompt.context.assign(sample.tokens.begin(),
                        sample.tokens.begin() + static_cast<std::ptrdiff_t>(sample.answer_begin));
  const CompactVocabulary vocabulary = usual_vocabulary(task.version);
  const TokenId first = task.predicts_number ? vocabulary.cells->first_target : vocabulary.first_label;
  const size_t num_answers = task.predicts_number ? 1000 : 10;
  for (size_t k = 0; k < num_answers; ++k) prompt.answers.push_back({first + static_cast<TokenId>(k)});
  const auto context = decoder->encode(prompt);
  std::vector<float> answers = context->prequential();
  QueryTokens queries;
  for (size_t row = sample.num_labelled; row < sample.num_rows(); ++row) {
    const auto begin = sample.tokens.begin() + static_cast<std::ptrdiff_t>(row * sample.row_tokens());
    queries.tokens.insert(queries.tokens.end(), begin, begin + sample.num_features + 1);
    queries.offsets.push_back(queries.tokens.size());
  }
  std::vector<float> scores(queries.size() * num_answers);
  context->score(queries, scores);
  answers.insert(answers.end(), scores.begin(), scores.end());
  ASSERT_EQ(answers.size(), expected.size());
  const double tolerance = dtype == DType::kBFloat16 ? 0.05 : 2e-5;
  for (size_t i = 0; i < answers.size(); ++i) ASSERT_NEAR(answers[i], expected[i], tolerance) << i;
}

TEST(CompactModel, TheExportedFolderAnswersAlike) {
  const RandomTask task{.num_labelled = 21, .num_queries = 6, .num_features = 7};
  for (const DType dtype : dtypes()) {
    SCOPED_TRACE(name_of(dtype));
    expect_folder_answers_alike(task, dtype);
    RandomTask typed = task;
    typed.version = 2;
    expect_folder_answers_alike(typed, dtype);
    typed.predicts_number = true;
    expect_folder_answers_alike(typed, dtype);
  }
}

// Where value and rank of a number have one code, the upgraded network reads it as the old one did.
TEST(CompactModel, AnUpgradedModelAnswersAsBefore) {
  const auto model = make_compact_model(small_network(DType::kFloat32));
  TrainSample sample = random_task({.num_labelled = 21, .num_queries = 6, .num_features = 7}, 4);
  const std::vector<float> expected = model->log_probabilities(sample);

  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.config = upgraded_config(model->config());
  const Weights weights = upgraded_weights(model->config(), model->exported(), 3);
  const auto upgraded = make_compact_model(options, &weights);
  const CompactVocabulary vocabulary = usual_vocabulary(2);
  for (TokenId& token : sample.tokens) {
    token = token < 1000 ? vocabulary.cells->pair(token, token)
                         : token - 1000 + vocabulary.first_label;  // labels, and the bar behind them
  }
  const std::vector<float> found = upgraded->log_probabilities(sample);
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-4) << i;
}

TEST(CompactModel, AddedLayersChangeNothingUntilTheyAreTrained) {
  CompactNetworkOptions options = small_network(DType::kFloat32);
  const auto model = make_compact_model(options);
  const TrainSample sample = random_task({.num_labelled = 21, .num_queries = 6, .num_features = 7}, 4);
  const std::vector<float> expected = model->log_probabilities(sample);

  Weights weights = model->exported();
  add_layers(2, 3, options.config, weights);
  EXPECT_EQ(options.config.num_hidden_layers, model->config().num_hidden_layers + 2);
  const auto deeper = make_compact_model(options, &weights);
  const std::vector<float> found = deeper->log_probabilities(sample);
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-4) << i;

  const std::string added = fmt::format("model.layers.{}.", model->config().num_hidden_layers + 1);
  gradients_of(*deeper, {&sample, 1});
  for (const Parameter& parameter : deeper->parameters()) {
    if (!parameter.name.starts_with(added)) continue;
    const bool is_output = parameter.name.ends_with("o_proj.weight") || parameter.name.ends_with("down_proj.weight");
    EXPECT_EQ(std::ranges::any_of(parameter.gradient, [](float g) { return g != 0; }), is_output)
        << parameter.name << ": outputs learn from the first step on, and the rest through them";
  }
}

TEST(CompactModel, GoesOnFromExportedWeights) {
  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.residual_decay = 0.9;
  const auto model = make_compact_model(options);
  const Weights weights = model->exported();
  options.seed = 99;
  options.residual_decay = 0.95;  // folded into what was exported: another decay is the same function
  const auto next = make_compact_model(options, &weights);
  const TrainSample sample = random_task({.num_labelled = 21, .num_queries = 6, .num_features = 7}, 4);
  const std::vector<float> expected = model->log_probabilities(sample), found = next->log_probabilities(sample);
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-4) << i;
  EXPECT_GT(gradients_of(*next, {&sample, 1}).size(), 0u);
}

TEST(CompactModel, ATableOfRoundedNumbersIsMetWithinTheirRounding) {
  const auto model = make_compact_model(small_network(DType::kFloat32));
  const std::vector<float> table = model->exported().embedding;
  const auto width = static_cast<size_t>(model->config().hidden_size);
  const std::vector<float> features = number_features(1000);
  std::vector<float> rounded(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(1000 * width)),
      met(1000 * width);
  for (float& value : rounded) value = static_cast<float>(BFloat16(value));
  embed_numbers(features, fit_number_weight(features, rounded.data(), width).data(), width, 0, 1000, met.data());
  double error = 0, size = 0;
  for (size_t i = 0; i < met.size(); ++i) {
    error += std::pow(met[i] - table[i], 2);
    size += std::pow(table[i], 2);
  }
  EXPECT_LT(std::sqrt(error / size), 1e-3);  // rounding to bf16 alone: 1.7e-3; a fit of 34 numbers averages over it
}

TEST(CompactModel, ConfigSurvivesTheFolder) {
  const ModelConfig config = compact_config({.hidden_size = 64, .num_attention_heads = 2, .num_key_value_heads = 1});
  const ModelConfig read = parse_model_config(model_config_json(config, DType::kBFloat16), "config.json");
  EXPECT_EQ(model_config_json(read, DType::kBFloat16), model_config_json(config, DType::kBFloat16));
  EXPECT_EQ(read.head_dim, 32);

  const ModelConfig typed = compact_config({.version = 2});
  const ModelConfig typed_read = parse_model_config(model_config_json(typed, DType::kBFloat16), "config.json");
  EXPECT_EQ(model_config_json(typed_read, DType::kBFloat16), model_config_json(typed, DType::kBFloat16));
  EXPECT_EQ(typed_read.share_cells().last, typed.share_cells().last);
}

TEST(CompactModel, TheUsualVocabularyIsThatOfTheEncoding) {
  for (const int version : {1, 2}) {
    const CompactVocabulary expected = usual_vocabulary(version),
                            found = compact_vocabulary(compact_config({.version = version}));
    EXPECT_EQ(found.first_number, expected.first_number);
    EXPECT_EQ(found.first_label, expected.first_label);
    EXPECT_EQ(found.bar, expected.bar);
    ASSERT_EQ(found.cells.has_value(), version == 2);
    if (!found.cells) continue;
    EXPECT_EQ(found.cells->missing, expected.cells->missing);
    EXPECT_EQ(found.cells->unseen, expected.cells->unseen);
    EXPECT_EQ(found.cells->first_category, expected.cells->first_category);
    EXPECT_EQ(found.cells->num_categories, expected.cells->num_categories);
    EXPECT_EQ(found.cells->first_target, expected.cells->first_target);
    EXPECT_EQ(found.cells->first_pair, expected.cells->first_pair);
    EXPECT_EQ(found.cells->first_share, expected.cells->first_share);
  }
}

TEST(CompactModel, PeakBytesCoversTheTapes) {
  const auto model = make_compact_model(small_network(DType::kFloat32));
  const size_t small = model->peak_bytes({.num_samples = 2, .sample_rows = 64, .num_features = 4});
  const size_t large = model->peak_bytes({.num_samples = 2, .sample_rows = 640, .num_features = 20});
  EXPECT_GT(small, 1u << 20);
  EXPECT_GT(large, 8 * (small - (4u << 20)));
}

TEST(CompactModel, BadSamplesAndOptionsAreNamed) {
  const auto model = make_compact_model(small_network(DType::kFloat32));
  const auto loss_of = [&](TrainSample sample) { model->loss(std::span(&sample, 1)); };
  TrainSample sample = random_task({}, 8);
  sample.tokens[2] = 7;
  EXPECT_ERROR(loss_of(sample), ErrorKind::kBadInput,
               StrEq("sample 8, row 0: token 7 at place 2 is no bar of this network's vocabulary"));
  sample = random_task({}, 8);
  sample.tokens.pop_back();
  EXPECT_ERROR(loss_of(sample), ErrorKind::kBadInput,
               StrEq("sample 8: 31 tokens in 5 labelled rows and 3 queries of 2 columns; expected 4 a row"));
  sample.num_features = 65;
  EXPECT_ERROR(loss_of(sample), ErrorKind::kBadInput,
               StrEq("sample 8: 65 columns; this network reads 1 to 64: draw `compact` samples within that"));
  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.config.intermediate_size = 50;
  EXPECT_ERROR(make_compact_model(options), ErrorKind::kBadInput,
               StrEq("intermediate_size 50 cannot be trained; expected a multiple of 16: use 64"));
}

}  // namespace
}  // namespace manyshot::train
