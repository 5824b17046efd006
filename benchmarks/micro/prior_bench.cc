// Tasks per second of each prior at 1,024 rows and at 256 rows x 12 columns, and the loops they are made of. Pin it to
// one core: taskset -c 0.
#include <benchmark/benchmark.h>

#include <ctime>
#include <set>

#include "prior/prior.h"
#include "prior/random/bulk_random.h"
#include "prior/scm/activations.h"
#include "prior/scm/boosted_trees.h"
#include "prior/scm/fourier.h"

namespace manyshot::prior {
namespace {

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Every task is another one; 500 of them give the mean to about 5 %.
void draw_task(benchmark::State& state, const char* name, IntRange rows = {1024, 1024}, IntRange columns = {5, 50}) {
  PriorOptions options;
  options.prior = name;
  options.rows = rows;
  options.features = columns;
  options.seed = 1;
  const Prior prior(options);
  PriorScratch scratch;
  Task task;
  prior.draw(0, scratch, task);
  uint64_t index = 0;
  double features = 0, rejected = 0;
  const double start = thread_seconds();
  for (auto _ : state) {
    prior.draw(index++, scratch, task);
    features += static_cast<double>(task.num_features());
    rejected += task.num_rejections();
    const std::set<int32_t> classes(task.labels.begin(), task.labels.end());
    if (classes.size() != static_cast<size_t>(task.num_classes)) state.SkipWithError("a class is missing");
  }
  const auto count = static_cast<double>(index);
  state.counters["tasks_per_cpu_s"] = count / (thread_seconds() - start);
  state.counters["features"] = features / count;
  state.counters["rejections"] = rejected / count;
}
BENCHMARK_CAPTURE(draw_task, mix, "mix")->Iterations(3000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, mlp, "mlp")->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, tree, "tree")->Iterations(1000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, graph, "graph")->Iterations(500)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, forest, "forest")->Iterations(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, effects, "effects")->Iterations(2000)->Unit(benchmark::kMicrosecond);

constexpr IntRange kSmallRows{256, 256}, kSmallFeatures{12, 12};
BENCHMARK_CAPTURE(draw_task, mix_256x12, "mix", kSmallRows, kSmallFeatures)
    ->Iterations(3000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, graph_256x12, "graph", kSmallRows, kSmallFeatures)
    ->Iterations(1000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, forest_256x12, "forest", kSmallRows, kSmallFeatures)
    ->Iterations(3000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(draw_task, effects_256x12, "effects", kSmallRows, kSmallFeatures)
    ->Iterations(3000)
    ->Unit(benchmark::kMicrosecond);

constexpr size_t kRows = 1024;

void bulk_normal(benchmark::State& state) {
  const BulkRandom bulk(Rng(1));
  std::vector<float> out(kRows);
  uint32_t stream = 0;
  for (auto _ : state) {
    bulk.normal(stream++, 0, 1, out.data(), kRows);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}
BENCHMARK(bulk_normal);

void activation(benchmark::State& state) {
  std::vector<float> x(kRows), out(kRows);
  BulkRandom(Rng(1)).normal(0, 0, 1, x.data(), kRows);
  const auto function = static_cast<Activation>(state.range(0));
  for (auto _ : state) {
    activate_column({function, 2, 0.5f}, x.data(), kRows, out.data());
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(std::string(activation_name(function)));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRows));
}
BENCHMARK(activation)->Arg(0)->Arg(6)->Arg(7)->Arg(15);

// One layer of 64 units: the table, then 65,536 values of it. Directly that is 16.8 million sines.
void fourier_layer(benchmark::State& state) {
  constexpr size_t kUnits = 64;
  std::vector<float> x(kRows * kUnits), values;
  BulkRandom(Rng(1)).normal(0, 0, 1, x.data(), x.size());
  FourierTable table;
  uint64_t draw = 0;
  for (auto _ : state) {
    values = x;
    Draws draws(Rng(2).child("terms", draw++));
    table.build(draw_fourier_terms(draws), -6.7f, 6.7f);
    table.apply(1, values.data(), values.size());
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(x.size()));
}
BENCHMARK(fourier_layer)->Unit(benchmark::kMicrosecond);

void boosted_trees(benchmark::State& state) {
  NodeMatrix x, y, fitted;
  x.reshape(27, kRows);
  y.reshape(6, kRows);
  for (uint32_t node = 0; node < 27; ++node) BulkRandom(Rng(1)).normal(node, 0, 1, x.node(node), kRows);
  for (uint32_t node = 0; node < 6; ++node) BulkRandom(Rng(2)).normal(node, 0, 1, y.node(node), kRows);
  BoostedTrees trees;
  for (auto _ : state) {
    trees.fit(x, {.max_depth = 3, .num_trees = 2}, y, fitted);
    benchmark::DoNotOptimize(fitted.node(0));
  }
}
BENCHMARK(boosted_trees)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace manyshot::prior

BENCHMARK_MAIN();
