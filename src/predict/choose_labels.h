// Which label a row gets, given its class probabilities: the one that a metric is expected to gain most from.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/names.h"

namespace manyshot {

// What the labels shall be good at. The names are those of the option.
enum class LabelMetric { kAccuracy, kBalancedAccuracy, kF1 };
constexpr auto names_of(LabelMetric) {
  return std::to_array<Named<LabelMetric>>({{LabelMetric::kAccuracy, "accuracy"},
                                            {LabelMetric::kBalancedAccuracy, "balanced_accuracy"},
                                            {LabelMetric::kF1, "f1"}});
}

// The labels of `probabilities` [Q, K]. Of equals the first class wins.
//   accuracy: the likeliest class.
//   balanced accuracy, the mean of the classes' recalls: the class with the largest p_k / (n_k / N), n_k of N labelled
//     rows having it (`class_counts` [K]). A right answer adds 1 / (rows of the class) to the recall of its class, and
//     the share of the labelled rows says how many there are.
//   F1, averaged over the classes: with T_k the sum of p_k over the rows, P_k the rows that get label k and C_k the sum
//     of p_k over these, it is expected to be the mean of 2 C_k / (P_k + T_k). From the likeliest class, and from the
//     largest p_k beside T_k and its root, rows change their label one at a time while that grows; the best end is
//     taken. It looks at all rows at once: a row's label depends on the other rows of the call.
std::vector<int32_t> choose_labels(LabelMetric metric, std::span<const double> probabilities,
                                   std::span<const uint32_t> class_counts);

}  // namespace manyshot
