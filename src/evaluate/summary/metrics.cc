#include "evaluate/summary/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace manyshot {
namespace {

double ratio(uint64_t part, uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

uint64_t sum_of(const std::vector<uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

// The Mann-Whitney form: the share of (row of the class, other row) pairs in which the first has the larger value.
// NaN when one side has no row.
double one_against_rest(std::vector<std::pair<double, bool>>& rows) {
  std::sort(rows.begin(), rows.end());
  double lower = 0, concordant = 0, positives = 0;
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin;
    double equal[2] = {0, 0};
    for (; end < rows.size() && rows[end].first == rows[begin].first; ++end) ++equal[rows[end].second ? 1 : 0];
    concordant += equal[1] * (lower + equal[0] / 2);
    lower += equal[0];
    positives += equal[1];
    begin = end;
  }
  return concordant / (positives * lower);
}

double Metrics::*member_of(Metric metric) {
  switch (metric) {
    case Metric::kAccuracy:
      return &Metrics::accuracy;
    case Metric::kBalancedAccuracy:
      return &Metrics::balanced_accuracy;
    case Metric::kMacroF1:
      return &Metrics::macro_f1;
    case Metric::kLogLoss:
      return &Metrics::log_loss;
    case Metric::kAuc:
      return &Metrics::auc;
    case Metric::kBrier:
      return &Metrics::brier;
    case Metric::kEce:
      return &Metrics::ece;
  }
  return nullptr;
}

}  // namespace

double& Metrics::operator[](Metric metric) { return this->*member_of(metric); }
double Metrics::operator[](Metric metric) const { return this->*member_of(metric); }

std::vector<size_t> predicted_classes(std::span<const double> probabilities, size_t num_classes) {
  std::vector<size_t> predicted;
  for (size_t first = 0; first < probabilities.size(); first += num_classes) {
    const auto row = probabilities.subspan(first, num_classes);
    predicted.push_back(static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return predicted;
}

MetricsAccumulator::MetricsAccumulator(size_t num_classes)
    : num_classes_(num_classes),
      class_rows_(num_classes + 1),
      class_correct_(num_classes + 1),
      class_predicted_(num_classes + 1),
      bins_(kCalibrationBins) {}

double log_loss_of_row(std::span<const double> probabilities, int32_t truth) {
  double floored_sum = 0;
  for (const double probability : probabilities) floored_sum += std::max(probability, kProbabilityFloor);
  const double true_probability = truth < 0 ? 0 : probabilities[static_cast<size_t>(truth)];
  return -std::log(std::max(true_probability, kProbabilityFloor) / floored_sum);
}

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
    ++class_predicted_[predicted];
    log_loss_sum_ += log_loss_of_row(row_probabilities, truth[row]);
    for (size_t other = 0; other < num_classes_; ++other) {
      const double distance = row_probabilities[other] - (other == k ? 1 : 0);
      brier_sum_ += distance * distance;
    }
    if (truth[row] < 0) brier_sum_ += 1;

    ReliabilityBin& bin = bins_[std::clamp(static_cast<int>(confidence * kCalibrationBins), 0, kCalibrationBins - 1)];
    ++bin.rows;
    bin.correct += correct;
    bin.confidence += confidence;
  }
}

Metrics MetricsAccumulator::result() const {
  Metrics metrics;
  metrics.rows = sum_of(class_rows_);
  if (metrics.rows == 0) return metrics;
  const auto rows = static_cast<double>(metrics.rows);
  metrics.accuracy = ratio(sum_of(class_correct_), metrics.rows);
  score_classes(metrics);
  metrics.log_loss = log_loss_sum_ / rows;
  metrics.brier = brier_sum_ / rows;
  for (const ReliabilityBin& bin : bins_) {
    metrics.ece += std::abs(static_cast<double>(bin.correct) - bin.confidence) / rows;
  }
  return metrics;
}

void MetricsAccumulator::score_classes(Metrics& metrics) const {
  double recall_sum = 0, f1_sum = 0;
  size_t classes_present = 0, classes_seen = 0;
  for (size_t k = 0; k < class_rows_.size(); ++k) {
    if (class_rows_[k] + class_predicted_[k] == 0) continue;
    f1_sum += ratio(2 * class_correct_[k], class_rows_[k] + class_predicted_[k]);
    ++classes_seen;
    if (class_rows_[k] == 0) continue;
    recall_sum += ratio(class_correct_[k], class_rows_[k]);
    ++classes_present;
  }
  metrics.balanced_accuracy = recall_sum / static_cast<double>(classes_present);
  metrics.macro_f1 = f1_sum / static_cast<double>(classes_seen);
}

double area_under_curve(std::span<const double> probabilities, std::span<const int32_t> truth, size_t num_classes) {
  double sum = 0, classes = 0;
  std::vector<std::pair<double, bool>> rows;
  for (size_t k = 0; k < num_classes; ++k) {
    rows.clear();
    for (size_t row = 0; row < truth.size(); ++row) {
      if (truth[row] == -1) continue;
      rows.emplace_back(probabilities[row * num_classes + k], truth[row] == static_cast<int32_t>(k));
    }
    const double area = one_against_rest(rows);
    if (std::isnan(area)) continue;
    sum += area;
    ++classes;
  }
  return sum / classes;
}

Metrics score_predictions(std::span<const double> probabilities, std::span<const int32_t> truth, size_t num_classes) {
  MetricsAccumulator accumulator(num_classes);
  accumulator.add(probabilities, truth);
  Metrics metrics = accumulator.result();
  metrics.auc = area_under_curve(probabilities, truth, num_classes);
  return metrics;
}

}  // namespace manyshot
