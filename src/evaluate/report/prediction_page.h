// The page of `manyshot predict --report`: how sure the predictions are, and, where the test table has labels, how
// good.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/summary/metrics.h"
#include "report/document.h"

namespace manyshot::report {

// One prediction, as the page shows it.
struct ShownPrediction {
  uint64_t row = 0;
  double confidence = 0;  // the probability of the label
  int32_t label = 0;
  int32_t runner_up = 0;  // the likeliest class beside it
  double runner_up_probability = 0;
  std::optional<int32_t> truth;
  std::vector<std::string> kept;  // cells of the kept columns
};

// Predictions of one model, added up batch by batch in the order of the rows. Memory: the probabilities of all rows
// with labels, for the area under the curve.
class PredictionTally {
 public:
  explicit PredictionTally(size_t num_classes);

  // probabilities [Q, K]; labels [Q]; truth [Q] as MetricsAccumulator::add takes it, or empty; kept [columns][Q].
  void add(std::span<const uint64_t> rows, std::span<const double> probabilities, std::span<const int32_t> labels,
           std::span<const int32_t> truth, std::span<const std::vector<std::string>> kept);

  static constexpr size_t kConfidenceBins = 20;
  size_t num_classes() const { return num_classes_; }
  uint64_t num_rows() const { return num_rows_; }
  uint64_t num_scored() const { return metrics_.result().rows; }
  const std::vector<uint64_t>& confidence_bins() const { return confidence_bins_; }  // from 0 to 1
  const std::vector<uint64_t>& predicted() const { return predicted_; }              // [K] rows with the label
  const std::vector<double>& expected() const { return expected_; }                  // [K] summed probabilities
  // [K + 1][K] rows by their class, the last for classes that no labelled row has, and by the label given.
  const std::vector<std::vector<uint64_t>>& confusion() const { return confusion_; }
  std::vector<ShownPrediction> least_sure() const;  // the least confident first
  Metrics metrics() const;                          // of the probabilities; auc too
  const std::vector<ReliabilityBin>& reliability() const { return metrics_.reliability(); }

 private:
  void add_shown(ShownPrediction prediction);

  size_t num_classes_;
  uint64_t num_rows_ = 0;
  std::vector<uint64_t> confidence_bins_, predicted_;
  std::vector<double> expected_;
  std::vector<std::vector<uint64_t>> confusion_;
  std::vector<ShownPrediction> shown_;  // a heap, the most confident on top
  MetricsAccumulator metrics_;
  std::vector<double> probabilities_;  // of rows with a label
  std::vector<int32_t> truth_;
};

// What the page says beside the tally.
struct PredictionFacts {
  Facts facts;                                          // what was asked, by name
  std::vector<std::string> classes;                     // [K]
  std::vector<uint32_t> class_counts;                   // [K] labelled rows of each
  std::vector<std::string> kept_names;                  // of ShownPrediction::kept
  std::vector<std::pair<std::string, Metrics>> beside;  // baselines, without auc
  std::string model;
  std::string label_metric;  // what the labels were chosen for: "accuracy"
};

// The same predictions give the same bytes.
std::string prediction_page(const PredictionTally& tally, const PredictionFacts& facts);

}  // namespace manyshot::report
