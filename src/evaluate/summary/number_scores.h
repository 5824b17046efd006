// What predicted numbers are worth, method by method, as `manyshot predict` tells it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "evaluate/summary/number_metrics.h"
#include "predict/predict_file.h"

namespace manyshot {

// Scores by method, the chosen one first, and the first rows of the chosen one.
class NumberScores {
 public:
  void add(const PredictedNumbers& batch);

  bool has_scores() const { return !methods_.empty(); }
  // A line for each method under a line of titles.
  std::string table() const;
  // Says so when the CRPS of a baseline is clearly lower than that of the chosen method; else "".
  std::string better_baseline() const;
  Json metrics() const;  // by method
  // The metrics of the methods beside the chosen one.
  std::vector<std::pair<std::string, NumberMetrics>> beside() const;

  bool has_preview() const { return !preview_.empty(); }
  std::string preview() const;  // the first rows in aligned columns

 private:
  struct ScoredMethod {
    std::string name;
    NumberMetricsAccumulator metrics;
    bool is_chosen;
  };
  struct Row {
    uint64_t row = 0;
    double point = 0, low = 0, high = 0;
    std::optional<double> truth;
  };
  std::vector<ScoredMethod> methods_;
  std::vector<Row> preview_;
};

// How good the labelled rows let one expect predictions to be.
struct NumberEstimate {
  uint64_t rows = 0;  // labelled rows that were predicted without their own number
  double rmse = 0, mae = 0, r2 = 0;
};
// Nothing where the method does not say.
std::optional<NumberEstimate> estimate_of_numbers(const PredictReport& report);
std::string describe(const NumberEstimate& estimate);
Json to_json(const std::optional<NumberEstimate>& estimate);

}  // namespace manyshot
