// Outcomes to expect, from all that a collection remembers: its experiences are labelled rows that a model is shown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/summary/self_estimate.h"
#include "memory/experience.h"
#include "predict/distribution.h"
#include "predict/predictor.h"

namespace manyshot::memory {

// What an answer stands on. The names reach clients.
enum class Basis {
  kModel,      // a model that was shown the experiences
  kBaseRates,  // how often each outcome came, whatever the fields: there is too little for a model
};
constexpr auto names_of(Basis) {
  return std::to_array<Named<Basis>>({{Basis::kModel, "model"}, {Basis::kBaseRates, "base_rates"}});
}

struct OutcomePredictorOptions {
  std::optional<std::string> model;  // without it "default" of classes, "forest" of numbers
  std::optional<int> ensemble;
  uint64_t seed = 0;

  bool operator==(const OutcomePredictorOptions&) const = default;
};

// Fewer experiences than this, or of one class, are no ground for a model.
inline constexpr size_t kFewestForModel = 10;

// Fitted to the experiences of a collection at one time. Safe from several threads.
class OutcomePredictor {
 public:
  // `method` opens what its options name, or null of numbers. REQUIRES: experiences of one kind, at least one. Throws
  // what reading and fitting throw; messages call the rows `name`.
  OutcomePredictor(std::span<const Experience> experiences, const OutcomePredictorOptions& options,
                   const std::shared_ptr<const Method>& method, const std::string& name);
  ~OutcomePredictor();
  OutcomePredictor(const OutcomePredictor&) = delete;
  OutcomePredictor& operator=(const OutcomePredictor&) = delete;

  OutcomeKind kind() const { return kind_; }
  Basis basis() const { return model_ ? Basis::kModel : Basis::kBaseRates; }
  // Why there is no model, as a sentence; "" where there is one.
  const std::string& word() const { return word_; }
  size_t num_experiences() const { return num_experiences_; }
  // Of classes, sorted, and how often each came.
  const std::vector<std::string>& classes() const { return classes_; }
  const std::vector<uint64_t>& class_counts() const { return class_counts_; }
  // Of base rates: the probability of an outcome that was never met. Of a model 0.
  double unseen_probability() const { return unseen_; }
  // How probabilities of remembered outcomes turned out that were predicted without them; of a model of classes that
  // can say. Beside it the log loss of the base rates, nats an experience.
  const std::optional<SelfEstimate>& estimate() const { return estimate_; }
  double base_rate_log_loss() const;

  // One answer for each object of fields: [Q, K] probabilities, or [Q] distributions.
  struct Answers {
    std::vector<double> probabilities;
    Distributions distributions;
  };
  Answers predict(std::span<const Json> fields) const;

 private:
  class Model;
  void count_outcomes(std::span<const Experience> experiences);
  void fit(std::span<const Experience> experiences, const OutcomePredictorOptions& options,
           const std::shared_ptr<const Method>& method, const std::string& name);

  OutcomeKind kind_ = OutcomeKind::kClass;
  size_t num_experiences_ = 0;
  std::vector<std::string> classes_;
  std::vector<uint64_t> class_counts_;
  std::vector<double> base_rates_;   // [K]
  std::vector<double> base_slices_;  // of numbers, [kNumSlices]
  double unseen_ = 0;
  std::string word_;
  std::optional<SelfEstimate> estimate_;
  std::unique_ptr<Model> model_;  // null: base rates
};

}  // namespace manyshot::memory
