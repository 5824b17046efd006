// How good predictions of new rows will be, estimated on the labelled rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "evaluate/summary/summary.h"

namespace manyshot {

struct SelfEstimate {
  uint64_t rows = 0;  // labelled rows with an honest prediction
  double accuracy = 0, log_loss = 0;
  double auc = 0;       // NaN where no class has rows on both sides
  double majority = 0;  // accuracy of always saying their most frequent class
  // 95 %: Wilson's of the accuracy; the normal one of the log loss; Hanley and McNeil's of the AUC (1982, "The meaning
  // and use of the area under a ROC curve", Radiology 143), over several classes with the mean of their errors.
  Interval accuracy_interval, log_loss_interval, auc_interval;

  bool is_above_majority() const { return accuracy_interval.low > majority; }
};

// `honest` [N, K] as Predictor::honest_probabilities gives them for `labels` [N]; nothing without such rows.
std::optional<SelfEstimate> estimate_on_labelled_rows(std::span<const double> honest, std::span<const int32_t> labels,
                                                      size_t num_classes);

// One sentence, and a second one where the accuracy is not above that of the most frequent class.
std::string describe(const SelfEstimate& estimate);

}  // namespace manyshot
