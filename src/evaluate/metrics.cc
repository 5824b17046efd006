#include "evaluate/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace manyshot {

MetricsAccumulator::MetricsAccumulator(size_t num_classes)
    : num_classes_(num_classes),
      class_rows_(num_classes + 1),
      class_correct_(num_classes + 1),
      bins_(kCalibrationBins) {}

void MetricsAccumulator::add(std::span<const double> probabilities, std::span<const int32_t> truth) {
  for (size_t row = 0; row < truth.size(); ++row) {
    if (truth[row] == -1) continue;
    const auto row_probabilities = probabilities.subspan(row * num_classes_, num_classes_);
    const auto predicted =
        std::max_element(row_probabilities.begin(), row_probabilities.end()) - row_probabilities.begin();
    const double confidence = row_probabilities[predicted];
    const bool correct = predicted == truth[row];
    const size_t k = truth[row] < 0 ? num_classes_ : static_cast<size_t>(truth[row]);
    ++class_rows_[k];
    class_correct_[k] += correct;

    double floored_sum = 0;
    for (const double probability : row_probabilities) floored_sum += std::max(probability, kProbabilityFloor);
    const double true_probability = truth[row] < 0 ? 0 : row_probabilities[k];
    log_loss_sum_ -= std::log(std::max(true_probability, kProbabilityFloor) / floored_sum);

    Bin& bin = bins_[std::clamp(static_cast<int>(confidence * kCalibrationBins), 0, kCalibrationBins - 1)];
    ++bin.rows;
    bin.correct += correct;
    bin.confidence += confidence;
  }
}

Metrics MetricsAccumulator::result() const {
  Metrics metrics;
  metrics.rows = std::accumulate(class_rows_.begin(), class_rows_.end(), uint64_t{0});
  if (metrics.rows == 0) return metrics;
  const auto rows = static_cast<double>(metrics.rows);
  metrics.accuracy =
      static_cast<double>(std::accumulate(class_correct_.begin(), class_correct_.end(), uint64_t{0})) / rows;
  double recall_sum = 0;
  size_t classes_present = 0;
  for (size_t k = 0; k < class_rows_.size(); ++k) {
    if (class_rows_[k] == 0) continue;
    recall_sum += static_cast<double>(class_correct_[k]) / static_cast<double>(class_rows_[k]);
    ++classes_present;
  }
  metrics.balanced_accuracy = recall_sum / static_cast<double>(classes_present);
  metrics.log_loss = log_loss_sum_ / rows;
  for (const Bin& bin : bins_) {
    metrics.ece += std::abs(static_cast<double>(bin.correct) - bin.confidence) / rows;
  }
  return metrics;
}

}  // namespace manyshot
