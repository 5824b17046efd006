// Speed of the decoder's kernels on one core, in GFLOP/s. Each kernel is first compared with its scalar twin.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "core/rng.h"
#include "kernels/attention.h"
#include "kernels/elementwise.h"
#include "kernels/gemm.h"
#include "kernels/outer_gemm.h"
#include "kernels/scalar.h"
#include "kernels/simd.h"

namespace manyshot::kernels {
namespace {

template <class T>
AlignedBuffer<T> random_values(const char* name, size_t count) {
  const Rng rng = Rng(1).child(name);
  AlignedBuffer<T> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = T(static_cast<float>(rng.normal(i)));
  return values;
}

bool close(std::span<const float> a, std::span<const float> b, double tolerance) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [&](float x, float y) { return std::abs(x - y) <= tolerance * (1 + std::abs(y)); });
}

void report(benchmark::State& state, double flop) {
  state.counters["GFLOP/s"] =
      benchmark::Counter(flop * static_cast<double>(state.iterations()) * 1e-9, benchmark::Counter::kIsRate);
}

// args: M, N, K
template <class T>
void BM_gemm(benchmark::State& state) {
  if (sizeof(T) == 2 && !kernels::has_bf16(simd_level())) return state.SkipWithError("no avx512_bf16");
  const size_t M = state.range(0), N = state.range(1), K = state.range(2);
  const auto a = random_values<T>("a", M * K);
  const PackedMatrix<T> w(random_values<float>("w", N * K), N, K);
  std::vector<float> c(M * N), expected(M * N);
  gemm({a.data(), K}, M, w.panels(), {c.data(), N}, Store::kOverwrite);
  scalar::gemm({a.data(), K}, M, w.panels(), {expected.data(), N}, Store::kOverwrite);
  if (!close(c, expected, 1e-3)) return state.SkipWithError("differs from the scalar twin");
  for (auto _ : state) {
    gemm({a.data(), K}, M, w.panels(), {c.data(), N}, Store::kOverwrite);
    benchmark::ClobberMemory();
  }
  report(state, 2.0 * M * N * K);
}
// The default model's products: QKV, output, a tile of gate and up, all of it, down; then few rows, and weights
// that no cache of a core holds.
#define GEMM_SHAPES           \
  Args({128, 384, 128})       \
      ->Args({128, 128, 128}) \
      ->Args({128, 64, 128})  \
      ->Args({128, 704, 128}) \
      ->Args({128, 128, 352}) \
      ->Args({64, 128, 352})  \
      ->Args({6, 384, 128})   \
      ->Args({1, 384, 128})   \
      ->Args({64, 49152, 576})
BENCHMARK(BM_gemm<float>)->GEMM_SHAPES;
BENCHMARK(BM_gemm<BFloat16>)->GEMM_SHAPES;

// args: M, outputs, inputs: gradients by the weights of the same layers
template <class T>
void BM_outer_gemm(benchmark::State& state) {
  if (sizeof(T) == 2 && !kernels::has_bf16(simd_level())) return state.SkipWithError("no avx512_bf16");
  const size_t M = state.range(0), N = state.range(1), K = state.range(2);
  const auto given = random_values<T>("given", M * N), input = random_values<T>("input", M * K);
  AlignedBuffer<T> given_panels(packed_rows_size(M, N)), input_panels(packed_rows_size(M, K));
  const Panels<T> by_output = pack_rows({given.data(), N}, M, N, given_panels.data());
  const Panels<T> by_input = pack_rows({input.data(), K}, M, K, input_panels.data());
  std::vector<float> c(N * K);
  for (auto _ : state) {
    outer_gemm(by_output, N, by_input, {c.data(), K}, Store::kAdd);
    benchmark::ClobberMemory();
  }
  report(state, 2.0 * M * N * K);
}
#define OUTER_SHAPES Args({512, 384, 128})->Args({512, 704, 128})->Args({96, 64, 64})
BENCHMARK(BM_outer_gemm<float>)->OUTER_SHAPES;
BENCHMARK(BM_outer_gemm<BFloat16>)->OUTER_SHAPES;

constexpr AttentionShape kShape{4, 4, 32};

// args: tokens of a row
void BM_row_attention(benchmark::State& state) {
  const size_t T = state.range(0), width = kShape.query_width(), stride = 3 * width;
  const auto qkv = random_values<float>("qkv", T * stride);
  const AttentionInput in{qkv.data(), qkv.data() + width, qkv.data() + 2 * width, stride, stride};
  AlignedBuffer<float> scratch(row_attention_scratch(kShape, T));
  std::vector<float> out(T * width), expected(T * width);
  row_attention(kShape, in, T, 0, scratch.data(), {out.data(), width});
  scalar::row_attention(kShape, in, T, 0, {expected.data(), width});
  if (!close(out, expected, 1e-4)) return state.SkipWithError("differs from the scalar twin");
  for (auto _ : state) {
    row_attention(kShape, in, T, 0, scratch.data(), {out.data(), width});
    benchmark::ClobberMemory();
  }
  report(state, 4.0 * T * (T + 1) / 2 * width);
}
BENCHMARK(BM_row_attention)->Arg(6)->Arg(11)->Arg(22)->Arg(66);

// args: labels, queries
void BM_context_attention(benchmark::State& state) {
  const size_t N = state.range(0), M = state.range(1), width = kShape.query_width(), stride = 3 * width;
  const auto keys = random_values<float>("keys", N * width), values = random_values<float>("values", N * width);
  LabelCache labels(kShape, N);
  for (size_t label = 0; label < N; ++label)
    labels.set(label, keys.data() + label * width, values.data() + label * width);
  const auto qkv = random_values<float>("qkv", M * stride);
  const AttentionInput in{qkv.data(), qkv.data() + width, qkv.data() + 2 * width, stride, stride};
  const ContextTokens tokens{.num_tokens = M, .is_query = true};
  AlignedBuffer<float> scratch(context_attention_scratch(kShape, N));
  std::vector<float> out(M * width), expected(M * width);
  context_attention(kShape, labels, in, tokens, scratch.data(), {out.data(), width});
  scalar::context_attention(kShape, {keys.data(), values.data(), N}, in, tokens, {expected.data(), width});
  if (!close(out, expected, 1e-4)) return state.SkipWithError("differs from the scalar twin");
  for (auto _ : state) {
    context_attention(kShape, labels, in, tokens, scratch.data(), {out.data(), width});
    benchmark::ClobberMemory();
  }
  report(state, 4.0 * M * (N + 1) * width);
}
BENCHMARK(BM_context_attention)->Args({32, 64})->Args({512, 64})->Args({1024, 64})->Args({512, 1});

// args: rows, width
void BM_silu_mul(benchmark::State& state) {
  const size_t M = state.range(0), width = state.range(1);
  const auto gate = random_values<float>("gate", M * width), up = random_values<float>("up", M * width);
  std::vector<float> out(M * width), expected(M * width);
  silu_mul({gate.data(), up.data(), width}, M, width, {out.data(), width});
  scalar::silu_mul({gate.data(), up.data(), width}, M, width, {expected.data(), width});
  if (!close(out, expected, 1e-5)) return state.SkipWithError("differs from the scalar twin");
  for (auto _ : state) {
    silu_mul({gate.data(), up.data(), width}, M, width, {out.data(), width});
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(M * width) * static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_silu_mul)->Args({128, 32})->Args({128, 352});

// args: rows, width
void BM_rms_norm(benchmark::State& state) {
  const size_t M = state.range(0), width = state.range(1);
  const auto x = random_values<float>("x", M * width), gain = random_values<float>("gain", width);
  std::vector<float> out(M * width), expected(M * width);
  rms_norm({gain.data(), width, 1e-6f}, {x.data(), width}, M, {out.data(), width});
  scalar::rms_norm({gain.data(), width, 1e-6f}, {x.data(), width}, M, {expected.data(), width});
  if (!close(out, expected, 1e-5)) return state.SkipWithError("differs from the scalar twin");
  for (auto _ : state) {
    rms_norm({gain.data(), width, 1e-6f}, {x.data(), width}, M, {out.data(), width});
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<int64_t>(M * width) * static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_rms_norm)->Args({128, 128});

}  // namespace
}  // namespace manyshot::kernels

BENCHMARK_MAIN();
