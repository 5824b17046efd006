// How far predictions of one number are off, as the labelled rows tell that were predicted without their own: the same
// for every query.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "predict/distribution.h"

namespace manyshot {

// Labelled rows that are predicted without their own number to learn how far off predictions are: all, or so many that
// more would say little, evenly spread.
std::vector<uint64_t> rows_for_residuals(uint64_t num_rows);

class ResidualSpread {
 public:
  ResidualSpread() = default;
  // `residuals`: what was right minus what was predicted. Their mean is taken off: it is not the spread's to move
  // predictions.
  explicit ResidualSpread(std::vector<double> residuals);
  // A distribution around each of `means`.
  Distributions around(std::span<const double> means) const;

 private:
  std::vector<double> slices_;
};

}  // namespace manyshot
