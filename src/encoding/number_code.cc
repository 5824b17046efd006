#include "encoding/number_code.h"

#include <algorithm>
#include <cmath>

namespace manyshot {

NumberCode NumberCode::fit(std::span<const double> values) {
  // Scaled by the largest magnitude, so that squares of numbers near 1e308 stay finite.
  double largest = 0, smallest_value = INFINITY, largest_value = -INFINITY;
  size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    largest = std::max(largest, std::abs(value));
    smallest_value = std::min(smallest_value, value);
    largest_value = std::max(largest_value, value);
    ++count;
  }
  NumberCode code;
  if (count == 0) return code;
  if (smallest_value == largest_value) {
    code.mean_ = smallest_value;
    return code;
  }
  const double unit = std::max(largest, 1e-300);
  double sum = 0;
  for (const double value : values) {
    if (std::isfinite(value)) sum += value / unit;
  }
  const double mean = sum / static_cast<double>(count);
  double squares = 0;
  for (const double value : values) {
    if (std::isfinite(value)) squares += (value / unit - mean) * (value / unit - mean);
  }
  const double deviation = std::sqrt(squares / static_cast<double>(count));
  code.mean_ = mean * unit;
  // Deviations that are rounding noise of the mean (1e15 + {0, 0.1}) count as constant.
  if (deviation > 1e-14) code.inverse_deviation_ = 1 / deviation / unit;
  if (!std::isfinite(code.inverse_deviation_)) code.inverse_deviation_ = 0;
  return code;
}

void NumberCode::write(ByteWriter& writer) const {
  writer.number(mean_);
  writer.number(inverse_deviation_);
}

NumberCode NumberCode::read(ByteReader& reader) {
  NumberCode code;
  code.mean_ = reader.number<double>();
  code.inverse_deviation_ = reader.number<double>();
  return code;
}

int NumberCode::encode(double value) const {
  if (std::isnan(value) || is_constant()) return kMissingCodeValue;
  const double code = std::floor(120 * ((value - mean_) * inverse_deviation_) + 500.5);
  return static_cast<int>(std::clamp(code, 0.0, double{kNumCodes - 1}));
}

}  // namespace manyshot
