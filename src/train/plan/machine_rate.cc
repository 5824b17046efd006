#include "train/plan/machine_rate.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/parallel.h"
#include "kernels/gemm.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::gemm;
using kernels::PackedMatrix;
using kernels::Store;

namespace {

constexpr size_t kRows = 256, kInputs = 512, kOutputs = 512;  // of one product; fits a second-level cache
constexpr int kProducts = 8;                                  // of each thread in a round
constexpr int kRounds = 6;                                    // the best counts: others may use the machine too

template <class T>
double measure() {
  using Clock = std::chrono::steady_clock;
  const auto threads = static_cast<size_t>(num_threads());
  const std::vector<float> weight(kOutputs * kInputs, 0.5f);
  const PackedMatrix<T> packed(weight, kOutputs, kInputs);
  const std::vector<T> input(kRows * kInputs, T(0.25f));
  std::vector<std::vector<float>> outputs(threads, std::vector<float>(kRows * kOutputs));
  double best_seconds = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    parallel_for(threads, [&](size_t i, int) {
      for (int product = 0; product < kProducts; ++product) {
        gemm({input.data(), kInputs}, kRows, packed.panels(), {outputs[i].data(), kOutputs}, Store::kOverwrite);
      }
    });
    best_seconds = std::min(best_seconds, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return 2.0 * kRows * kInputs * kOutputs * kProducts * static_cast<double>(threads) / best_seconds;
}

}  // namespace

double measure_matrix_rate(DType dtype) { return dtype == DType::kBFloat16 ? measure<BFloat16>() : measure<float>(); }

double matrix_rate(const Recipe& recipe, RunModel& model) {
  const double rate = model.matrix_rate();
  return rate > 0 ? rate : measure_matrix_rate(choose_dtype(recipe.model.dtype));
}

}  // namespace manyshot::train
