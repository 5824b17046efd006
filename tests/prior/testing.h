#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/simd.h"
#include "prior/random/bulk_random.h"
#include "prior/task/node_matrix.h"

namespace manyshot::prior {

// Each `quantile` of `values` is what the sheet says, up to the last digit it gives (`slack`, a share of the value) and
// to five standard errors.
inline void expect_quantiles(std::vector<double> values, const std::vector<double>& expected, double slack,
                             const std::string& what) {
  const std::vector<double> probabilities{0.05, 0.25, 0.5, 0.75, 0.95};
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const double p = probabilities[i];
    const double error = 5 * std::sqrt(p * (1 - p) / n);
    const double reach = slack * std::abs(expected[i]);
    const auto below = std::lower_bound(values.begin(), values.end(), expected[i] - reach) - values.begin();
    const auto up_to = std::upper_bound(values.begin(), values.end(), expected[i] + reach) - values.begin();
    EXPECT_LE(static_cast<double>(below) / n, p + error) << what << ": quantile " << p << " is below " << expected[i];
    EXPECT_GE(static_cast<double>(up_to) / n, p - error) << what << ": quantile " << p << " is above " << expected[i];
  }
}

inline void expect_share(double count, double total, double expected, const std::string& what) {
  EXPECT_NEAR(count / total, expected, 5 * std::sqrt(expected * (1 - expected) / total) + 0.0006) << what;
}

// Runs `check` at every instruction set of this machine that has fused multiply-add, the best last.
template <class Check>
void at_fused_levels(const Check& check) {
  for (const kernels::SimdLevel level : kernels::available_simd_levels()) {
    if (level == kernels::SimdLevel::kBaseline || level == kernels::SimdLevel::kSse4) continue;
    kernels::limit_simd(kernels::simd_name(level));
    check(level);
  }
  kernels::limit_simd(nullptr);
}

// `values` gives the same bits at each of them.
template <class Values>
void expect_same_bits_at_fused_levels(const Values& values) {
  std::vector<std::vector<float>> results;
  at_fused_levels([&](kernels::SimdLevel) { results.push_back(values()); });
  for (const std::vector<float>& result : results) {
    ASSERT_EQ(result.size(), results[0].size());
    EXPECT_EQ(std::memcmp(result.data(), results[0].data(), result.size() * sizeof(float)), 0);
  }
}

// N(mean, deviation).
inline std::vector<float> normal_column(size_t count, uint64_t seed, float mean = 0, float deviation = 1) {
  std::vector<float> x(count);
  BulkRandom(Rng(seed)).normal(0, mean, deviation, x.data(), count);
  return x;
}

// `nodes` columns of `rows` normal values each.
inline void fill(NodeMatrix& matrix, size_t nodes, size_t rows, uint64_t seed) {
  matrix.reshape(nodes, rows);
  for (size_t node = 0; node < nodes; ++node)
    BulkRandom(Rng(seed)).normal(static_cast<uint32_t>(node), 0, 1, matrix.node(node), rows);
}

}  // namespace manyshot::prior
