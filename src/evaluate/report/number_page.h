// The page of `manyshot predict --report` where the target is a number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/summary/number_metrics.h"
#include "report/document.h"

namespace manyshot::report {

// One prediction, as the page shows it.
struct ShownNumber {
  uint64_t row = 0;
  double point = 0, low = 0, high = 0;  // the prediction; the quantiles .05 and .95
  double truth = 0;                     // NaN: none
  std::vector<std::string> kept;        // cells of the kept columns
};

// Predictions of one model, added up batch by batch in the order of the rows. Keeps the first kDrawnRows of those with
// a truth, or of all where none has one, and the widest of all.
class NumberTally {
 public:
  explicit NumberTally(double resolution) : metrics_(resolution) {}
  // points [Q]; truth [Q], NaN: none, or empty; kept [columns][Q].
  void add(std::span<const uint64_t> rows, const Distributions& distributions, std::span<const double> points,
           std::span<const double> truth, std::span<const std::vector<std::string>> kept);

  static constexpr size_t kDrawnRows = 1'000;
  uint64_t num_rows() const { return num_rows_; }
  const NumberMetricsAccumulator& metrics() const { return metrics_; }
  const std::vector<ShownNumber>& drawn() const { return drawn_; }
  std::vector<ShownNumber> least_sure() const;  // the widest interval first

 private:
  uint64_t num_rows_ = 0;
  NumberMetricsAccumulator metrics_;
  std::vector<ShownNumber> drawn_;
  std::vector<ShownNumber> widest_;  // a heap, the narrowest on top
};

// What the page says beside the tally.
struct NumberFacts {
  Facts facts;                          // what was asked, by name
  std::string target, model, point;     // point: "mean" or "median"
  std::vector<std::string> kept_names;  // of ShownNumber::kept
  std::vector<std::pair<std::string, NumberMetrics>> beside;
};

// The same predictions give the same bytes.
std::string number_page(const NumberTally& tally, const NumberFacts& facts);

}  // namespace manyshot::report
