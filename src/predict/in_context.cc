#include "predict/in_context.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/interrupt.h"
#include "encoding/compact_format.h"
#include "predict/ensemble.h"

namespace manyshot {
namespace {

class InContextPredictor : public Predictor {
 public:
  InContextPredictor(std::shared_ptr<const Model> model, const LabelledTable& shots, int members, uint64_t seed)
      : model_(std::move(model)),
        format_(shots.features, shots.labels, model_->info().vocabulary),
        class_counts_(shots.class_counts()) {
    const ModelInfo& info = model_->info();
    const EnsembleShape shape{.members = members,
                              .max_rows = static_cast<size_t>(info.trained_shots),
                              .max_features = static_cast<size_t>(info.trained_features),
                              .num_label_ids = static_cast<size_t>(info.max_classes)};
    views_ = make_views(shots.labels, shots.num_classes(), format_.num_features(), shape, Rng(seed).child("ensemble"));
    for (const TaskView& view : views_) {
      check_interrupted();
      contexts_.push_back(model_->encode(format_.prompt(view)));
    }
    describe(shape, shots.labels.size());
  }

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_classes = class_counts_.size();
    std::vector<double> probabilities(queries.num_rows * num_classes);
    std::vector<float> scores(queries.num_rows * num_classes);
    const std::vector<QueryTokens> tokens = format_.queries(queries, views_);
    for (size_t member = 0; member < views_.size(); ++member) {
      check_interrupted();
      contexts_[member]->score(tokens[member], scores);
      for (size_t row = 0; row < queries.num_rows; ++row) {
        add_softmax(scores.data() + row * num_classes, probabilities.data() + row * num_classes);
      }
    }
    for (double& probability : probabilities) probability /= static_cast<double>(views_.size());
    return probabilities;
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  // Adds the softmax over the classes that have labelled rows.
  void add_softmax(const float* scores, double* probabilities) const {
    double largest = -INFINITY, sum = 0;
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) largest = std::max(largest, double{scores[k]});
    }
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) sum += std::exp(scores[k] - largest);
    }
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) probabilities[k] += std::exp(scores[k] - largest) / sum;
    }
  }

  void describe(const EnsembleShape& shape, size_t num_rows) {
    notes_ = format_.notes();
    if (num_rows > shape.max_rows) {
      notes_.push_back(fmt::format("{} labelled rows, the model takes {} at a time: each of the {} ensemble members sees its own stratified subset",
                                   num_rows, shape.max_rows, shape.members));
    }
    const size_t num_features = format_.num_features();
    if (num_features > shape.max_features) {
      const size_t used = std::min(num_features, shape.max_features * static_cast<size_t>(shape.members));
      notes_.push_back(fmt::format("{} columns, the model takes {} at a time: each of the {} ensemble members sees a random subset, {} columns in all{}",
                                   num_features, shape.max_features, shape.members, used,
                                   used < num_features ? "; a larger --ensemble uses more" : ""));
    }
  }

  std::shared_ptr<const Model> model_;
  CompactFormat format_;
  std::vector<uint32_t> class_counts_;
  std::vector<TaskView> views_;
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
  std::vector<std::string> notes_;
};

}  // namespace

InContextMethod::InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options)
    : model_(std::move(model)), members_(options.ensemble.value_or(kDefaultMembers)), seed_(options.seed) {
  if (members_ < 1 || members_ > kMaxMembers) {
    fail(ErrorKind::kBadInput, "--ensemble {}: give a number of members from 1 to {}", members_, kMaxMembers);
  }
}

std::optional<uint64_t> InContextMethod::max_labelled_rows() const {
  return static_cast<uint64_t>(model_->info().trained_shots) * static_cast<uint64_t>(members_);
}

std::unique_ptr<Predictor> InContextMethod::fit(const LabelledTable& shots) const {
  const int max_classes = model_->info().max_classes;
  if (shots.num_classes() > static_cast<size_t>(max_classes)) {
    fail(ErrorKind::kUnsupported,
         "the target has {} classes and this model tells at most {} apart; use --model xgboost or --model knn, or merge rare classes",
         shots.num_classes(), max_classes);
  }
  return std::make_unique<InContextPredictor>(model_, shots, members_, seed_);
}

}  // namespace manyshot
