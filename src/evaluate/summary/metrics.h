// Classification metrics over batches of probabilities.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/names.h"

namespace manyshot {

inline constexpr double kProbabilityFloor = 0.001;  // probabilities in the log loss are raised to this and renormalised
inline constexpr int kCalibrationBins = 15;

// The metrics that are averaged and compared.
enum class Metric { kAccuracy, kBalancedAccuracy, kMacroF1, kLogLoss, kAuc, kBrier, kEce };
// All of them, in the order of files and reports.
inline constexpr std::array kMetrics{
    Metric::kAccuracy, Metric::kBalancedAccuracy, Metric::kMacroF1, Metric::kLogLoss, Metric::kAuc, Metric::kBrier,
    Metric::kEce};
// Their names in files.
constexpr auto names_of(Metric) {
  return std::to_array<Named<Metric>>({{Metric::kAccuracy, "accuracy"},
                                       {Metric::kBalancedAccuracy, "balanced_accuracy"},
                                       {Metric::kMacroF1, "macro_f1"},
                                       {Metric::kLogLoss, "log_loss"},
                                       {Metric::kAuc, "auc"},
                                       {Metric::kBrier, "brier"},
                                       {Metric::kEce, "ece"}});
}
constexpr bool higher_is_better(Metric metric) {
  return metric != Metric::kLogLoss && metric != Metric::kBrier && metric != Metric::kEce;
}

// A value for each metric.
template <class T>
class PerMetric {
 public:
  T& operator[](Metric metric) { return values_[static_cast<size_t>(metric)]; }
  const T& operator[](Metric metric) const { return values_[static_cast<size_t>(metric)]; }

 private:
  std::array<T, kMetrics.size()> values_{};
};

struct Metrics {
  uint64_t rows = 0;  // scored rows
  double accuracy = 0;
  double balanced_accuracy = 0;                           // mean recall over the classes that occur
  double macro_f1 = 0;                                    // mean F1 over the classes that occur or are predicted
  double log_loss = 0;                                    // nats a row, floored as above
  double auc = std::numeric_limits<double>::quiet_NaN();  // see area_under_curve; only score_predictions fills it
  double brier = 0;  // mean over the rows of the squared distance to the truth, summed over classes: 0 to 2
  double ece = 0;    // expected calibration error of the predicted class, 15 equal-width bins (Guo et al. 2017, eq. 3)

  double& operator[](Metric metric);
  double operator[](Metric metric) const;
};

// The likeliest class of each row of `probabilities` [Q, K]; of equals the first.
std::vector<size_t> predicted_classes(std::span<const double> probabilities, size_t num_classes);

// What one row of `probabilities` [K] adds to the log loss, nats; `truth` is its class, or negative for one that no
// model knows.
double log_loss_of_row(std::span<const double> probabilities, int32_t truth);

// Rows whose predicted class got a probability within one of kCalibrationBins equal steps from 0 to 1.
struct ReliabilityBin {
  uint64_t rows = 0, correct = 0;
  double confidence = 0;  // summed over the rows
};

// Adds up batches. A truth of -1 is not scored; -2, a class no model knows, counts as wrong, with the floor as its
// probability, and as one further class in the balanced accuracy and the macro F1.
class MetricsAccumulator {
 public:
  explicit MetricsAccumulator(size_t num_classes);
  // probabilities [Q, K] row-major, truth [Q].
  void add(std::span<const double> probabilities, std::span<const int32_t> truth);
  Metrics result() const;  // without auc, which needs all rows at once
  const std::vector<ReliabilityBin>& reliability() const { return bins_; }

 private:
  void score_classes(Metrics& metrics) const;

  size_t num_classes_;
  // [K + 1], the last for unknown classes
  std::vector<uint64_t> class_rows_, class_correct_, class_predicted_;
  std::vector<ReliabilityBin> bins_;
  double log_loss_sum_ = 0, brier_sum_ = 0;
};

// Area under the ROC curve of each class against all others, averaged over the classes that have rows on both sides
// (scikit-learn's roc_auc_score with multi_class="ovr"); NaN when none has. Equal probabilities count half. A truth of
// -1 is not scored.
double area_under_curve(std::span<const double> probabilities, std::span<const int32_t> truth, size_t num_classes);

// All metrics of one set of predictions, auc among them.
Metrics score_predictions(std::span<const double> probabilities, std::span<const int32_t> truth, size_t num_classes);

}  // namespace manyshot
