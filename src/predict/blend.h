// Weights for averaging the class probabilities of several predictors, fitted to honest predictions of the labelled
// rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace manyshot {

// What a probability is taken for at least, so that a member that was sure and wrong does not end a fit.
inline constexpr double kLeastProbability = 1e-6;

// p = sum_m w_m p_m, a linear pool, with the weights that maximise
//   sum_rows log p(label) + strength * sum_m prior_m log w_m
// by expectation maximisation: the prior is worth `strength` rows, so that few rows leave the weights near it.
// `predictions`: of each member [N, K], honest (Predictor::honest_probabilities); rows that some member did not predict
// hold NaN and are left out. `prior` [M] is positive and sums to 1. Returns [M], summing to 1.
std::vector<double> fit_blend(std::span<const std::vector<double>> predictions, std::span<const int32_t> labels,
                              size_t num_classes, std::span<const double> prior, double strength);

}  // namespace manyshot
