// The engine's own matrix products on the decoder's shapes, one thread, for comparison with kernels_bench: at::linear
// and the exported brgemm (weights packed outside the loop).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

namespace {

void report(benchmark::State& state) {
  const double flop = 2.0 * static_cast<double>(state.range(0)) * static_cast<double>(state.range(1)) *
                      static_cast<double>(state.range(2));
  state.counters["GFLOP/s"] =
      benchmark::Counter(flop * static_cast<double>(state.iterations()) * 1e-9, benchmark::Counter::kIsRate);
}

// args: M, N, K
void BM_linear(benchmark::State& state, at::ScalarType type) {
  const c10::InferenceMode no_gradients;
  at::set_num_threads(1);
  const auto x = at::randn({state.range(0), state.range(2)}).to(type),
             w = at::randn({state.range(1), state.range(2)}).to(type);
  const auto expected = at::matmul(x.to(at::kDouble), w.to(at::kDouble).t());
  if (!at::allclose(at::linear(x, w).to(at::kDouble), expected, 2e-2, 0.2)) return state.SkipWithError("wrong product");
  for (auto _ : state) benchmark::DoNotOptimize(at::linear(x, w));
  report(state);
}

void BM_brgemm(benchmark::State& state) {
  const c10::InferenceMode no_gradients;
  at::set_num_threads(1);
  const int64_t M = state.range(0), N = state.range(1), K = state.range(2), tile = 64;
  const auto x = at::randn({M, K}).to(at::kBFloat16), w = at::randn({N, K}).to(at::kBFloat16);
  // [N / tile][K / 2][tile][2]: pairs of k interleaved.
  const auto packed = w.view({N / tile, tile, K / 2, 2}).permute({0, 2, 1, 3}).contiguous();
  const auto c = at::empty({M, N});
  const auto multiply = [&] {
    for (int64_t n = 0; n < N / tile; ++n) {
      at::native::cpublas::brgemm(M, tile, K, K, tile, N, /*add_C=*/false, x.data_ptr<at::BFloat16>(),
                                  packed.data_ptr<at::BFloat16>() + n * tile * K, c.data_ptr<float>() + n * tile);
    }
  };
  multiply();
  if (!at::allclose(c, at::matmul(x.to(at::kFloat), w.to(at::kFloat).t()), 1e-3, 1e-2))
    return state.SkipWithError("wrong product");
  for (auto _ : state) multiply();
  at::native::cpublas::brgemm_release();
  report(state);
}

#define GEMM_SHAPES           \
  Args({128, 384, 128})       \
      ->Args({128, 128, 128}) \
      ->Args({128, 64, 128})  \
      ->Args({128, 704, 128}) \
      ->Args({128, 128, 352}) \
      ->Args({64, 128, 352})  \
      ->Args({6, 384, 128})   \
      ->Args({1, 384, 128})
BENCHMARK_CAPTURE(BM_linear, float32, at::kFloat)->GEMM_SHAPES;
BENCHMARK_CAPTURE(BM_linear, bfloat16, at::kBFloat16)->GEMM_SHAPES;
BENCHMARK(BM_brgemm)->GEMM_SHAPES;

}  // namespace

BENCHMARK_MAIN();
