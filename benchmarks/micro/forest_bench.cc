// Random forests on one thread: fit and predict, per task. tools/parity/forest_parity.py --time runs scikit-learn's on
// tables of the same shapes.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/parallel.h"
#include "core/rng.h"
#include "teacher/random_forest.h"

namespace manyshot::teacher {
namespace {

constexpr size_t kNumQueries = 50;

struct BenchTable {
  std::vector<float> values;  // [F, N + 50]
  std::vector<int32_t> labels;
};

// Labels by a sum of four features and noise.
BenchTable make_table(size_t num_rows, size_t num_features, int num_classes) {
  const Rng rng(7);
  BenchTable table;
  for (size_t feature = 0; feature < num_features; ++feature) {
    for (size_t row = 0; row < num_rows; ++row) {
      table.values.push_back(static_cast<float>(rng.child("x", feature).normal(row)));
    }
  }
  for (size_t row = 0; row < num_rows; ++row) {
    double score = rng.child("noise").normal(row);
    const size_t used = std::min<size_t>(num_features, 4);
    for (size_t feature = 0; feature < used; ++feature) score += table.values[feature * num_rows + row];
    const double share = 0.5 * std::erfc(-score / std::sqrt(2.0 * static_cast<double>(used + 1)));
    table.labels.push_back(std::min(static_cast<int32_t>(share * num_classes), num_classes - 1));
  }
  return table;
}

void fit_predict(benchmark::State& state) {
  set_num_threads(1);
  const auto num_rows = static_cast<size_t>(state.range(0));
  const auto num_features = static_cast<size_t>(state.range(1));
  const auto num_classes = static_cast<int>(state.range(2));
  const BenchTable table = make_table(num_rows + kNumQueries, num_features, num_classes);
  const ColumnsView all{table.values.data(), num_rows + kNumQueries, num_features, num_rows + kNumQueries};
  const std::span<const int32_t> labels(table.labels);
  RandomForest forest;
  ForestScratch scratch;
  std::vector<double> probabilities(kNumQueries * static_cast<size_t>(num_classes));
  std::vector<int32_t> predicted(kNumQueries);
  uint64_t seed = 0;
  double correct = 0;
  for (auto _ : state) {
    forest.fit(all.rows(0, num_rows), labels.first(num_rows), num_classes, {.num_trees = 30}, Rng(++seed), scratch);
    forest.predict_labels(all.rows(num_rows, kNumQueries), probabilities, predicted);
    for (size_t row = 0; row < kNumQueries; ++row) correct += predicted[row] == labels[num_rows + row];
  }
  size_t nodes = 0;
  for (const DecisionTree& tree : forest.trees()) nodes += tree.nodes().size();
  state.counters["accuracy"] = correct / static_cast<double>(state.iterations()) / kNumQueries;
  state.counters["nodes"] = static_cast<double>(nodes) / 30;
  // A third above chance at least: the forest has learned.
  if (num_rows >= 512 && state.iterations() >= 20 && state.counters["accuracy"] < 1.33 / num_classes)
    state.SkipWithError("the forest does not predict");
}
BENCHMARK(fit_predict)
    ->ArgNames({"rows", "features", "classes"})
    ->Args({1024, 50, 2})
    ->Args({1024, 50, 10})
    ->Args({1024, 5, 2})
    ->Args({512, 20, 2})
    ->Args({512, 20, 5})
    ->Args({128, 10, 3})
    ->Args({16, 10, 2})
    ->Args({48'000, 20, 2})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace manyshot::teacher

BENCHMARK_MAIN();
