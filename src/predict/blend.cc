#include "predict/blend.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace manyshot {
namespace {

constexpr int kMaxSteps = 500;
constexpr double kTolerance = 1e-7;  // largest change of a weight

// [rows, M] What each member gives to the row's own class, for the rows that all members predicted.
std::vector<double> label_probabilities(std::span<const std::vector<double>> predictions,
                                        std::span<const int32_t> labels, size_t num_classes) {
  std::vector<double> result;
  for (size_t row = 0; row < labels.size(); ++row) {
    const size_t place = row * num_classes + static_cast<size_t>(labels[row]);
    if (std::ranges::any_of(predictions, [&](const auto& member) { return std::isnan(member[place]); })) continue;
    for (const std::vector<double>& member : predictions) result.push_back(std::max(member[place], kLeastProbability));
  }
  return result;
}

}  // namespace

std::vector<double> fit_blend(std::span<const std::vector<double>> predictions, std::span<const int32_t> labels,
                              size_t num_classes, std::span<const double> prior, double strength) {
  const size_t num_members = predictions.size();
  const std::vector<double> of_label = label_probabilities(predictions, labels, num_classes);
  std::vector<double> weights(prior.begin(), prior.end());
  for (int step = 0; step < kMaxSteps; ++step) {
    std::vector<double> next;  // each member's share of the rows and of the prior
    for (const double p : prior) next.push_back(strength * p);
    for (size_t begin = 0; begin < of_label.size(); begin += num_members) {
      const double* p = of_label.data() + begin;
      const double sum = std::inner_product(weights.begin(), weights.end(), p, 0.0);
      for (size_t member = 0; member < num_members; ++member) next[member] += weights[member] * p[member] / sum;
    }
    const double total = std::accumulate(next.begin(), next.end(), 0.0);
    double change = 0;
    for (size_t member = 0; member < num_members; ++member) {
      next[member] /= total;
      change = std::max(change, std::abs(next[member] - weights[member]));
    }
    weights = std::move(next);
    if (change < kTolerance) break;
  }
  return weights;
}

}  // namespace manyshot
