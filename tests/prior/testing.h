#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/simd.h"

namespace manyshot {

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
  for (const SimdLevel level : available_simd_levels()) {
    if (level == SimdLevel::kBaseline || level == SimdLevel::kSse4) continue;
    limit_simd(simd_name(level));
    check(level);
  }
  limit_simd(nullptr);
}

}  // namespace manyshot
