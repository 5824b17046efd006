// A training step of a language model with SmolLM2-135M's shape, and its parts beside the rate of the plain product.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>

#include "core/parallel.h"
#include "core/rng.h"
#include "kernels/attention_gradient.h"
#include "kernels/simd.h"
#include "model/dtype.h"
#include "smollm2_config.h"
#include "train/language/fresh_source.h"
#include "train/language/language_trainer.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::AttentionGradientKernel;
using kernels::AttentionShape;
using kernels::BFloat16;
using kernels::gemm;
using kernels::PackedMatrix;
using kernels::simd_level;
using kernels::SimdLevel;
using kernels::Store;

namespace {

constexpr AttentionShape kShape{.num_heads = 9, .num_kv_heads = 3, .head_dim = 64};
constexpr size_t kD = 576, kIntermediate = 1536, kVocabulary = 49152;

template <class T>
AlignedBuffer<T> random_values(const char* name, size_t count, double scale = 1) {
  const Rng rng = Rng(1).child(name);
  AlignedBuffer<T> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = T(static_cast<float>(scale * rng.normal(i)));
  return values;
}

bool skip_without_bf16(benchmark::State& state) {
  if (kernels::has_bf16(simd_level())) return false;
  state.SkipWithError("needs avx512_bf16");
  return true;
}

void count_flops(benchmark::State& state, double flops) {
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

// What a block of 128 tokens is multiplied with: the rate that the others are measured by.
void BM_Product(benchmark::State& state) {
  if (skip_without_bf16(state)) return;
  constexpr size_t kM = 128;
  const AlignedBuffer<BFloat16> x = random_values<BFloat16>("x", kM * kD);
  const PackedMatrix<BFloat16> weight(random_values<float>("weight", kIntermediate * kD), kIntermediate, kD);
  AlignedBuffer<float> y(kM * kIntermediate);
  for (auto _ : state) gemm({x.data(), kD}, kM, weight.panels(), {y.data(), kIntermediate}, Store::kOverwrite);
  count_flops(state, 2.0 * kM * kD * kIntermediate);
}
BENCHMARK(BM_Product);

// One key head of a text of T tokens. Weights of a query sum to 1, so gradients of values sum to those of the output.
void BM_AttentionBackward(benchmark::State& state) {
  if (skip_without_bf16(state)) return;
  const auto T = static_cast<size_t>(state.range(0));
  const size_t group = kShape.num_heads / kShape.num_kv_heads, width = kShape.head_dim, rows = T * group;
  const AlignedBuffer<BFloat16> queries = random_values<BFloat16>("queries", rows * width, 0.18),
                                gradients = random_values<BFloat16>("gradients", rows * width),
                                keys = random_values<BFloat16>("keys", T * width),
                                values = random_values<BFloat16>("values", T * width);
  AlignedBuffer<float> log_sums(rows), dots(rows), dq(rows * width), dk(T * width), dv(T * width);
  for (size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (size_t key = 0; key <= row / group; ++key) {
      double score = 0;
      for (size_t i = 0; i < width; ++i) score += float(queries[row * width + i]) * float(keys[key * width + i]);
      sum += std::exp2(score);
    }
    log_sums[row] = static_cast<float>(std::log2(sum));
  }
  AttentionGradientKernel<BFloat16> kernel(kShape);
  for (auto _ : state) {
    kernel.run({T, group, width, queries.data(), gradients.data(), log_sums.data(), dots.data(), keys.data(),
                values.data(), width},
               0, T, {dq.data(), dk.data(), dv.data(), width});
  }
  double found = 0, expected = 0;
  for (size_t i = 0; i < dv.size(); i += width) found += dv[i];
  for (size_t i = 0; i < gradients.size(); i += width) expected += float(gradients[i]);
  if (std::abs(found - expected) > 0.02 * std::sqrt(static_cast<double>(rows))) state.SkipWithError("wrong gradients");
  count_flops(state, 5 * 2.0 * static_cast<double>(rows) * static_cast<double>(T + 1) / 2 * width);
}
BENCHMARK(BM_AttentionBackward)->Arg(2048)->Arg(8192)->Unit(benchmark::kMillisecond);

// LoRA of rank 8 on all linear layers, one text of T tokens, its last 128 supervised.
void BM_LoraStep(benchmark::State& state) {
  if (skip_without_bf16(state)) return;
  const LanguageModelConfig config = smollm2_config();
  static const auto trainer = LanguageTrainer::create(
      *make_fresh_source(config, Initialisation::kScaledNormal, 1, "fresh"), {.dtype = DType::kBFloat16});
  TrainSample sample;
  const Rng rng(2);
  for (int64_t i = 0; i < state.range(0); ++i) {
    sample.tokens.push_back(static_cast<TokenId>(rng.below(static_cast<uint64_t>(i), kVocabulary)));
    if (i >= state.range(0) - 128) sample.supervised.push_back(static_cast<uint32_t>(i));
  }
  set_num_threads(static_cast<int>(state.range(1)));
  LossSum loss;
  for (auto _ : state) loss = trainer->accumulate({&sample, 1}, 1.0f, 0);
  if (std::abs(loss.mean() - std::log(kVocabulary)) > 0.3) state.SkipWithError("wrong loss");
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(loss.tokens), benchmark::Counter::kIsIterationInvariantRate);
  count_flops(state, loss.flops);
  set_num_threads(0);
}
BENCHMARK(BM_LoraStep)
    ->ArgNames({"tokens", "threads"})
    ->Args({2048, 1})
    ->Args({2048, 2})
    ->Args({8192, 2})
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace manyshot::train

BENCHMARK_MAIN();
