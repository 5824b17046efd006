// Predicting and training compute the same layers in passes of their own: one keeps caches, the other tapes. For each
// kind of layer both get the same weights and inputs here. What both do by the same arithmetic must be the same bits;
// attention inside rows and over summaries has kernels of its own in training, which agree within tolerances.h.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/rng.h"
#include "kernels/context_attention.h"
#include "kernels/simd.h"
#include "model/compact/fused_network.h"
#include "model/compact/last_row_layer.h"
#include "model/decoder/steps.h"
#include "model/language/decoder_pass.h"
#include "model/tolerances.h"
#include "support/models/random_source.h"
#include "train/compact/layer_steps.h"
#include "train/compact/random_tasks.h"
#include "train/language/forward_pass.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::AttentionInput;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::LabelCache;
using kernels::Positions;
using kernels::simd_level;
using kernels::SimdLevel;

namespace {

template <class T>
constexpr bool kIsBf16 = std::is_same_v<T, BFloat16>;

template <class T>
std::vector<float> as_floats(const T* values, size_t count) {
  std::vector<float> floats(count);
  std::transform(values, values + count, floats.begin(), [](T value) { return static_cast<float>(value); });
  return floats;
}

AlignedBuffer<float> random_values(const char* name, size_t count) {
  const Rng rng = Rng(5).child(name);
  AlignedBuffer<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.normal(i));
  return values;
}

template <class T>
void expect_near(const std::vector<float>& found, const std::vector<float>& expected) {
  const double tolerance = kIsBf16<T> ? kTrainingAgainstInference.bfloat16 : kTrainingAgainstInference.float32;
  ASSERT_EQ(found.size(), expected.size());
  double difference = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    difference = std::max(difference, static_cast<double>(std::abs(found[i] - expected[i])));
  }
  EXPECT_LT(difference, tolerance);
}

template <class T>
class LayerAgreement : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kIsBf16<T> && !kernels::has_bf16(simd_level())) GTEST_SKIP() << "needs avx512_bf16";
  }
};
using Types = ::testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(LayerAgreement, Types);

// A layer of a compact network for both sides, and the buffers of M tokens.
template <class T>
struct CompactLayer {
  static constexpr size_t kLayer = 1;

  explicit CompactLayer(size_t num_tokens)
      : M(num_tokens),
        shape(options.config),
        fused(options.config, make_compact_model(options)->exported()),
        trained(shape),
        tape(shape, M),
        memory(shape, M),
        steps(shape, memory),
        record(tape.from(0)),
        x(random_values("x", M * shape.D)),
        qkv(M * shape.qkv_width),
        y(M * shape.D),
        trained_y(M * shape.D),
        gate_up(M * 2 * kSwigluTile),
        scratch(1 << 16),
        normed(M * shape.D),
        attended(M * shape.query_width()),
        hidden(M * shape.mlp_width) {
    const CompactParameters parameters(shape, options.seed);
    trained.renew(parameters, parameters.places().layers[kLayer], 1);
    input_norm.assign(trained.input_norm, trained.input_norm + shape.D);
    post_attention_norm.assign(trained.post_attention_norm, trained.post_attention_norm + shape.D);
    trained.input_norm = input_norm.data();
    trained.post_attention_norm = post_attention_norm.data();
    std::copy_n(x.data(), M * shape.D, record.x);
    std::copy_n(x.data(), M * shape.D, y.data());
  }

  // Both projections, which are the same bits.
  void project(Positions positions) {
    project_qkv<T>(fused, qkv_weights(fused.layers[kLayer]), fused.rotations.rotation(), {x.data(), M, positions},
                   normed.data(), qkv.data());
    steps.project(trained, record, M, positions);
    EXPECT_EQ(as_floats(record.qkv, M * shape.qkv_width), as_floats(qkv.data(), M * shape.qkv_width));
  }
  AttentionInput input(const float* values) const {
    const float* k = values + shape.query_width();
    return {values, k, k + shape.key_width(), shape.qkv_width, shape.qkv_width};
  }
  // After both attentions: what differs is theirs alone.
  void finish() {
    expect_near<T>(as_floats(record.attended, M * shape.query_width()),
                   as_floats(attended.data(), M * shape.query_width()));
    steps.finish(trained, record, M, trained_y.data());
    const std::vector<float> with_own_attention = as_floats(trained_y.data(), M * shape.D);
    std::copy_n(attended.data(), M * shape.query_width(), record.attended);
    steps.finish(trained, record, M, trained_y.data());
    finish_layer<T>(fused, fused.layers[kLayer], attended.data(), M, {normed.data(), gate_up.data(), hidden.data()},
                    y.data());
    EXPECT_EQ(as_floats(trained_y.data(), M * shape.D), as_floats(y.data(), M * shape.D));
    expect_near<T>(with_own_attention, as_floats(y.data(), M * shape.D));
  }

  const CompactNetworkOptions options = small_network(DType::kFloat32);
  size_t M;
  NetworkShape shape;
  FusedNetwork<T> fused;
  TrainedLayer<T> trained;
  std::vector<float> input_norm, post_attention_norm;
  LayerTape<T> tape;
  BlockMemory<T> memory;
  LayerSteps<T> steps;
  LayerRecord<T> record;
  AlignedBuffer<float> x, qkv, y, trained_y, gate_up, scratch;
  AlignedBuffer<T> normed, attended, hidden;
};

TYPED_TEST(LayerAgreement, CompactRowLayer) {
  using T = TypeParam;
  constexpr size_t kRows = 5, kRowTokens = 7;
  CompactLayer<T> layer(kRows * kRowTokens);
  layer.project({.first = 0, .period = kRowTokens});
  const size_t width = layer.shape.query_width();
  ASSERT_LE(kernels::row_attention_scratch(layer.shape.attention, kRowTokens), layer.scratch.size());
  for (size_t row = 0; row < kRows; ++row) {
    kernels::row_attention(
        layer.shape.attention, layer.input(layer.qkv.data() + row * kRowTokens * layer.shape.qkv_width), kRowTokens,
        /*first_query=*/0, layer.scratch.data(), {layer.attended.data() + row * kRowTokens * width, width});
  }
  AlignedBuffer<float> scratch(kernels::row_group_scratch(layer.shape.attention, kRowTokens));
  kernels::row_group_attention(layer.shape.attention, layer.input(layer.record.qkv), {kRows, kRowTokens, 0},
                               scratch.data(), {layer.record.attended, width});
  layer.finish();
}

TYPED_TEST(LayerAgreement, CompactLastRowLayer) {
  using T = TypeParam;
  const RowTokens rows{.num_rows = 5, .row_tokens = 7, .queries = 2};
  CompactLayer<T> layer(rows.size());
  const size_t width = layer.shape.query_width(), kv_width = 2 * layer.shape.key_width();
  AlignedBuffer<float> q(rows.num_queries() * width), kv(rows.size() * kv_width), trained_q(rows.num_queries() * width),
      trained_kv(rows.size() * kv_width);
  AlignedBuffer<T> gathered(rows.num_queries() * layer.shape.D);
  project_last_row_layer<T>(layer.fused, qkv_weights(layer.fused.layers[layer.kLayer]),
                            layer.fused.rotations.rotation(), layer.x.data(), rows,
                            {layer.normed.data(), gathered.data(), q.data(), kv.data()});
  layer.steps.project_last(layer.trained, layer.x.data(), rows, trained_q.data(), trained_kv.data());
  EXPECT_EQ(as_floats(trained_q.data(), trained_q.size()), as_floats(q.data(), q.size()));
  EXPECT_EQ(as_floats(trained_kv.data(), trained_kv.size()), as_floats(kv.data(), kv.size()));
}

TYPED_TEST(LayerAgreement, CompactSummaryLayer) {
  using T = TypeParam;
  const kernels::SummaryTokens tokens{.num_labelled = 9, .num_queries = 4};
  CompactLayer<T> layer(tokens.size());
  const AttentionShape& heads = layer.shape.attention;
  const size_t width = layer.shape.query_width(), stride = layer.shape.qkv_width, labelled = 2 * tokens.num_labelled;
  layer.project({.first = 5, .period = 2});
  LabelCache labels(heads, tokens.num_labelled);
  for (size_t row = 0; row < tokens.num_labelled; ++row) {
    const AttentionInput label = layer.input(layer.qkv.data() + (2 * row + 1) * stride);
    labels.set(row, label.k, label.v);
  }
  ASSERT_LE(kernels::context_attention_scratch(heads, tokens.num_labelled), layer.scratch.size());
  kernels::context_attention(heads, labels, layer.input(layer.qkv.data()),
                             {.num_tokens = labelled, .tokens_per_row = 2}, layer.scratch.data(),
                             {layer.attended.data(), width});
  kernels::context_attention(heads, labels, layer.input(layer.qkv.data() + labelled * stride),
                             {.num_tokens = tokens.num_queries, .is_query = true}, layer.scratch.data(),
                             {layer.attended.data() + labelled * width, width});
  kernels::ContextAttention<T> attention(heads, tokens.size(), tokens.num_labelled);
  std::vector<float> log_sums(tokens.size() * heads.num_heads);
  attention.forward(tokens, layer.input(layer.record.qkv), {layer.record.attended, width}, log_sums.data());
  layer.finish();
}

// Hidden states behind one layer and the final norm, at every token but the last of a text of several key tiles.
template <class T>
void expect_same_language_layer(LanguageModelConfig config) {
  constexpr size_t kTokens = 300;
  config.num_hidden_layers = 1;
  const RandomSource source(config);
  const std::vector<TokenId> text = random_tokens(config, kTokens);

  const DecoderNetwork<T> net(source);
  KvSegment<T> segment(net.attention, 1, nullptr, kTokens);
  const PassSequence<T> sequence{&segment, text, 0};
  std::vector<size_t> wanted(kTokens - 1);
  for (size_t i = 0; i < wanted.size(); ++i) wanted[i] = i;
  AlignedBuffer<T> predicted(wanted.size() * net.D), trained(wanted.size() * net.D);
  DecoderPass<T>(net, {&sequence, 1}).run(wanted, predicted.data());

  TrainSample sample{.tokens = text};
  for (uint32_t i = 1; i < kTokens; ++i) sample.supervised.push_back(i);
  const PackedBatch batch({&sample, 1}, config);
  const TrainedNetwork<T> network(source, LoraModules{});
  PassMemory<T> memory;
  ForwardPass<T>(network, batch, Dropout(), PassMode::kLoss, memory).run(trained.data());
  EXPECT_EQ(as_floats(trained.data(), trained.size()), as_floats(predicted.data(), predicted.size()));
}

TYPED_TEST(LayerAgreement, LlamaLayer) { expect_same_language_layer<TypeParam>(small_llama()); }

TYPED_TEST(LayerAgreement, Qwen2LayerWithBiases) {
  ASSERT_TRUE(small_qwen2().attention_bias);
  expect_same_language_layer<TypeParam>(small_qwen2());
}

}  // namespace
}  // namespace manyshot::train
