// How well hard predictions agree with the truth, as scikit-learn defines the scores. Here, and not in evaluate/,
// because the teacher stands above it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace manyshot::teacher {

// Counts of (true class, predicted class).
class Confusion {
 public:
  // Keeps its memory. REQUIRES: both of one length, classes in [0, num_classes).
  void assign(std::span<const int32_t> truth, std::span<const int32_t> predicted, int num_classes);

  int64_t num_rows() const { return num_rows_; }
  int64_t num_correct() const;
  int64_t num_true(int k) const { return true_[static_cast<size_t>(k)]; }
  int64_t num_predicted(int k) const { return predicted_[static_cast<size_t>(k)]; }

  // (observed - expected agreement) / (1 - expected): Cohen 1960, "A coefficient of agreement for nominal scales". NaN
  // when truth and predictions are all of one and the same class.
  double cohen_kappa() const;
  // Mean recall of the classes that occur in the truth. REQUIRES: at least one row.
  double balanced_accuracy() const;
  // Mean over the classes that occur in the truth or the predictions of 2 correct / (true + predicted).
  double macro_f1() const;
  // macro_f1() of predicting the most frequent true class for every row.
  double majority_macro_f1() const;
  int num_true_classes() const;
  int num_predicted_classes() const;
  double majority_share() const;  // of the most frequent true class
  double dominance() const;       // share of the most frequent predicted class

 private:
  int64_t cell(size_t truth, size_t predicted) const { return cells_[truth * true_.size() + predicted]; }

  std::vector<int64_t> cells_;             // [K, K]
  std::vector<int64_t> true_, predicted_;  // [K]
  int64_t num_rows_ = 0;
};

// P[X >= successes] for X binomial with `trials` and `probability`, to about 12 digits.
// REQUIRES: trials >= 0, 0 <= probability <= 1.
double binomial_tail(int64_t successes, int64_t trials, double probability);

}  // namespace manyshot::teacher
