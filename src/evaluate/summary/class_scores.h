// What predicted classes are worth, method by method, as `manyshot predict` tells it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "evaluate/summary/metrics.h"
#include "evaluate/summary/self_estimate.h"
#include "predict/predict_file.h"

namespace manyshot {

// Scores by method, the chosen one first.
class ClassScores {
 public:
  // A batch without truth adds nothing.
  void add(const PredictedBatch& batch);

  bool has_scores() const { return !methods_.empty(); }
  // A line for each method under a line of titles.
  std::string table() const;
  // Says so when a baseline is more accurate than the chosen method by more than two standard errors of an accuracy;
  // else "".
  std::string better_baseline() const;
  Json metrics() const;  // by method
  // The metrics of the methods beside the one of that name.
  std::vector<std::pair<std::string, Metrics>> beside(const std::string& model) const;

 private:
  struct ScoredMethod {
    std::string name;
    MetricsAccumulator metrics;
  };
  std::vector<ScoredMethod> methods_;
};

// How good the labelled rows let one expect predictions of classes to be; nothing where the method does not say.
std::optional<SelfEstimate> estimate_of_classes(const PredictReport& report);
Json to_json(const std::optional<SelfEstimate>& estimate);

}  // namespace manyshot
