// Numbers as one of 1,000 codes. A value is standardised with statistics of the labelled rows only and mapped to
// 0..999; the ends are reached at z = -4.17 and +4.16. Source: Dong et al. 2025, arXiv 2509.06806, section 2.4.2:
// clip(round(120 z + 500), 0, 999) with round(x) = floor(x + 1/2).
#pragma once

#include <cstdint>
#include <span>

#include "core/bytes.h"

namespace manyshot {

inline constexpr int kNumCodes = 1000;
inline constexpr double kCodesPerDeviation = 120;
inline constexpr int kMissingCodeValue = 500;  // a missing value reads as the mean: the codes have no mark of their own

class NumberCode {
 public:
  // Mean and population standard deviation of the finite values of the labelled rows; NaN is missing.
  static NumberCode fit(std::span<const double> values);

  // floor(120 z + 500.5) clipped to 0..999; kMissingCodeValue for NaN; +-infinity gives the ends. In a constant column
  // every value equal to the constant, and every other one, gives 500: it carries nothing the labelled rows could
  // explain.
  int encode(double value) const;

  // The number in the middle of a code.
  double value(int code) const {
    return is_constant() ? mean_ : mean_ + (code - kNumCodes / 2) / (kCodesPerDeviation * inverse_deviation_);
  }

  void write(ByteWriter& writer) const;
  static NumberCode read(ByteReader& reader);

  // No labelled row has a value, or all have the same one.
  bool is_constant() const { return inverse_deviation_ == 0; }
  double mean() const { return mean_; }
  // 1 / standard deviation; 0 when constant.
  double inverse_deviation() const { return inverse_deviation_; }

 private:
  double mean_ = 0;
  double inverse_deviation_ = 0;
};

}  // namespace manyshot
