#include "teacher/scores.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace manyshot::teacher {

void Confusion::assign(std::span<const int32_t> truth, std::span<const int32_t> predicted, int num_classes) {
  assert(truth.size() == predicted.size());
  const auto classes = static_cast<size_t>(num_classes);
  cells_.assign(classes * classes, 0);
  true_.assign(classes, 0);
  predicted_.assign(classes, 0);
  num_rows_ = static_cast<int64_t>(truth.size());
  for (size_t row = 0; row < truth.size(); ++row) {
    const auto t = static_cast<size_t>(truth[row]);
    const auto p = static_cast<size_t>(predicted[row]);
    assert(t < classes && p < classes);
    ++cells_[t * classes + p];
    ++true_[t];
    ++predicted_[p];
  }
}

int64_t Confusion::num_correct() const {
  int64_t correct = 0;
  for (size_t k = 0; k < true_.size(); ++k) correct += cell(k, k);
  return correct;
}

double Confusion::cohen_kappa() const {
  // Whole numbers as long as possible: n * correct, and the sum of n_true n_predicted, both over n^2.
  int64_t expected = 0;
  for (size_t k = 0; k < true_.size(); ++k) expected += true_[k] * predicted_[k];
  const int64_t all = num_rows_ * num_rows_;
  if (expected == all) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(num_rows_ * num_correct() - expected) / static_cast<double>(all - expected);
}

double Confusion::balanced_accuracy() const {
  double sum = 0;
  for (size_t k = 0; k < true_.size(); ++k) {
    if (true_[k] > 0) sum += static_cast<double>(cell(k, k)) / static_cast<double>(true_[k]);
  }
  return sum / num_true_classes();
}

double Confusion::macro_f1() const {
  double sum = 0;
  int occurring = 0;
  for (size_t k = 0; k < true_.size(); ++k) {
    const int64_t both = true_[k] + predicted_[k];
    if (both == 0) continue;
    ++occurring;
    sum += 2 * static_cast<double>(cell(k, k)) / static_cast<double>(both);
  }
  return sum / occurring;
}

double Confusion::majority_macro_f1() const {
  const auto majority = static_cast<double>(*std::max_element(true_.begin(), true_.end()));
  return 2 * majority / (majority + static_cast<double>(num_rows_)) / num_true_classes();
}

int Confusion::num_true_classes() const {
  return static_cast<int>(std::count_if(true_.begin(), true_.end(), [](int64_t count) { return count > 0; }));
}

int Confusion::num_predicted_classes() const {
  return static_cast<int>(std::count_if(predicted_.begin(), predicted_.end(), [](int64_t count) { return count > 0; }));
}

double Confusion::majority_share() const {
  return static_cast<double>(*std::max_element(true_.begin(), true_.end())) / static_cast<double>(num_rows_);
}

double Confusion::dominance() const {
  return static_cast<double>(*std::max_element(predicted_.begin(), predicted_.end())) / static_cast<double>(num_rows_);
}

double binomial_tail(int64_t successes, int64_t trials, double probability) {
  if (successes <= 0) return 1;
  if (successes > trials || probability <= 0) return 0;
  if (probability >= 1) return 1;
  // From the larger of the tail's terms downwards, each from the one before.
  const double odds = probability / (1 - probability);
  const auto mode = static_cast<int64_t>(std::floor(static_cast<double>(trials + 1) * probability));
  const int64_t start = std::clamp(mode, successes, trials);
  double log_term = static_cast<double>(start) * std::log(probability) +
                    static_cast<double>(trials - start) * std::log1p(-probability);
  for (int64_t i = 1; i <= start; ++i) {
    log_term += std::log(static_cast<double>(trials - start + i) / static_cast<double>(i));
  }
  const double first = std::exp(log_term);
  double sum = first;
  double term = first;
  for (int64_t k = start; k < trials && term > 0; ++k) {
    term *= static_cast<double>(trials - k) / static_cast<double>(k + 1) * odds;
    sum += term;
  }
  term = first;
  for (int64_t k = start; k > successes && term > 0; --k) {
    term *= static_cast<double>(k) / static_cast<double>(trials - k + 1) / odds;
    sum += term;
  }
  return std::min(sum, 1.0);
}

}  // namespace manyshot::teacher
