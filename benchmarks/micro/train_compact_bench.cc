// Speed of `compact` training on the pilot's shapes: tasks and tokens a second of wall time, and the share of the
// machine's bf16 (or f32) matrix product rate that the network's own operations reach ("mfu": model FLOPs, nothing
// counted twice, against gemm() on 512 x 512 x 512). FLOP rates are per second of processor time, so that other work on
// the machine does not enter.
//
//   train_compact_bench [--benchmark_filter=...]      args: labelled rows, columns, threads
//
// A step is 8 tasks: loss, gradients, Muon, new weights. A fifth of the rows are queries.
#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>
#include <type_traits>
#include <vector>

#include "compact_tasks.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "kernels/gemm.h"
#include "kernels/simd.h"
#include "train/compact/compact_model.h"
#include "train/optimizer/optimizer.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::gemm;
using kernels::PackedMatrix;
using kernels::simd_level;
using kernels::SimdLevel;
using kernels::Store;

namespace {

constexpr size_t kTasks = 8;

std::vector<TrainSample> make_batch(uint32_t rows, uint32_t columns) {
  std::vector<TrainSample> batch;
  for (uint64_t task = 0; task < kTasks; ++task) batch.push_back(make_task(rows - rows / 5, rows / 5, columns, task));
  return batch;
}

// Of all threads of this process.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// gemm() for as long as asked: its FLOPs and the processor time they took. Measured between the steps, so that both see
// the same neighbours on the machine.
template <class T>
class ProductRate {
 public:
  void measure(double for_seconds) {
    const double start = cpu_seconds();
    double now = start;
    for (; now < start + for_seconds; now = cpu_seconds(), flops_ += 2.0 * kSize * kSize * kSize) {
      gemm({x_.data(), kSize}, kSize, weight_.panels(), {out_.data(), kSize}, Store::kOverwrite);
    }
    seconds_ += now - start;
  }
  double flops_per_second() const { return flops_ / seconds_; }

 private:
  static constexpr size_t kSize = 512;
  PackedMatrix<T> weight_{std::vector<float>(kSize * kSize, 0.5f), kSize, kSize};
  std::vector<T> x_ = std::vector<T>(kSize * kSize, T(0.25f));
  std::vector<float> out_ = std::vector<float>(kSize * kSize);
  double flops_ = 0, seconds_ = 0;
};

template <class T>
void training_step(benchmark::State& state) {
  const DType dtype = std::is_same_v<T, BFloat16> ? DType::kBFloat16 : DType::kFloat32;
  set_num_threads(static_cast<int>(state.range(2)));
  CompactNetworkOptions options{.config = compact_config({}), .dtype = dtype};
  const auto model = make_compact_model(options);
  const auto optimizer =
      make_optimizer({.kind = OptimizerKind::kMuon, .learning_rate = 1e-3, .dtype = dtype}, model->parameters());
  const std::vector<TrainSample> batch =
      make_batch(static_cast<uint32_t>(state.range(0)), static_cast<uint32_t>(state.range(1)));
  model->accumulate(batch, 1, 0);  // takes its memory
  ProductRate<T> products;
  LossSum total;
  double network_seconds = 0, first_loss = 0, last_loss = 0;
  for (auto _ : state) {
    zero_gradients(model->parameters());
    const double start = cpu_seconds();
    const LossSum sum = model->accumulate(batch, 1.0f / static_cast<float>(kTasks), 0);
    network_seconds += cpu_seconds() - start;
    clip_gradients(model->parameters(), 1);
    optimizer->step(1);
    model->parameters_changed();
    total += sum;
    if (first_loss == 0) first_loss = sum.mean();
    last_loss = sum.mean();
    state.PauseTiming();
    products.measure(0.03);
    state.ResumeTiming();
  }
  if (!std::isfinite(last_loss) || last_loss > first_loss + 0.01) state.SkipWithError("the loss did not fall");
  const double rate = products.flops_per_second();
  state.counters["tokens/s"] = benchmark::Counter(static_cast<double>(total.tokens), benchmark::Counter::kIsRate);
  state.counters["tasks/s"] =
      benchmark::Counter(static_cast<double>(kTasks * state.iterations()), benchmark::Counter::kIsRate);
  state.counters["network_ms"] = 1e3 * network_seconds / static_cast<double>(state.iterations());  // processor time
  state.counters["GFLOP/s"] = total.flops / network_seconds * 1e-9;
  state.counters["gemm_GFLOP/s"] = rate * 1e-9;
  state.counters["mfu"] = total.flops / network_seconds / rate;
  set_num_threads(0);
}

void shapes(benchmark::internal::Benchmark* bench) {
  for (const int threads : {1, 2}) {
    for (const auto& [rows, columns] : {std::pair{64, 8}, {128, 10}, {256, 10}, {512, 20}, {640, 20}}) {
      bench->Args({rows, columns, threads});
    }
  }
  bench->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(2);
}

BENCHMARK_TEMPLATE(training_step, float)->Args({128, 10, 1})->Unit(benchmark::kMillisecond)->UseRealTime();
const bool has_bf16 = [] {
  if (kernels::has_bf16(simd_level())) {
    shapes(benchmark::RegisterBenchmark("training_step<BFloat16>", training_step<BFloat16>));
  }
  return true;
}();

}  // namespace
}  // namespace manyshot::train

BENCHMARK_MAIN();
