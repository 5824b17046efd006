// Whether something predicts labelled rows that it was not fitted on better than their mean does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace manyshot {

// What is predicted of each labelled row: for two classes whether it is the second one, for more one place for each of
// the commonest (each of at least eight rows), of a number its normal score (encoding/rank_scale.h).
struct ScoredTargets {
  size_t width = 1;
  std::vector<double> values;  // [N, width]
  std::vector<size_t> strata;  // [N] the rows in an order of neighbouring targets, for folds that are alike
};
ScoredTargets targets_of_classes(std::span<const int32_t> labels, size_t num_classes);
ScoredTargets targets_of_numbers(std::span<const double> numbers);
// The classes that the places of targets_of_classes stand for, of which two share one; at most ten, and
// none with fewer than eight rows.
std::vector<size_t> scored_classes(std::span<const int32_t> labels, size_t num_classes);

inline constexpr size_t kHeldOutFolds = 5;
inline constexpr size_t kLeastHeldOutRows = 16;  // below it nothing is held to help

// How much smaller the squares of held-out errors are than those of the mean.
struct Gain {
  double explained = 0;  // share of the squares
  double errors = 0;     // mean gain of a row in standard errors of it

  bool helps() const { return explained >= 0.01 && errors >= 3; }
};
// values, held_out [N, width]: centred targets, and what was predicted of them; over `places` of the width together.
Gain gain_of(const std::vector<double>& held_out, const std::vector<double>& values, size_t width,
             std::span<const size_t> places);

}  // namespace manyshot
