#include "predict/in_context.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/interrupt.h"
#include "encoding/compact_format.h"
#include "predict/calibration.h"
#include "predict/ensemble.h"

namespace manyshot {
namespace {

class InContextPredictor : public Predictor {
 public:
  InContextPredictor(std::shared_ptr<const Model> model, const LabelledTable& shots, const MethodOptions& options, int members)
      : model_(std::move(model)),
        format_(shots.features, shots.labels, model_->info().vocabulary),
        class_counts_(shots.class_counts()),
        calibration_(shots.num_classes()) {
    const ModelInfo& info = model_->info();
    const EnsembleShape shape{.members = members,
                              .max_rows = static_cast<size_t>(info.max_shots),
                              .max_features = static_cast<size_t>(info.trained_features),
                              .num_label_ids = static_cast<size_t>(info.max_classes)};
    views_ = make_views(shots.labels, shots.num_classes(), format_.relevance(), shape, Rng(options.seed).child("ensemble"));
    for (const TaskView& view : views_) {
      check_interrupted();
      contexts_.push_back(model_->encode(format_.prompt(view)));
    }
    if (options.calibrate) calibrate(shots.labels);
    describe(shape, shots.labels.size());
  }

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_classes = class_counts_.size();
    std::vector<double> result(queries.num_rows * num_classes);
    std::vector<float> scores(queries.num_rows * num_classes);
    const std::vector<QueryTokens> tokens = format_.queries(queries, views_);
    for (size_t member = 0; member < views_.size(); ++member) {
      check_interrupted();
      contexts_[member]->score(tokens[member], scores);
      for (size_t row = 0; row < queries.num_rows; ++row) {
        add_log_softmax(scores.data() + row * num_classes, result.data() + row * num_classes);
      }
    }
    for (double& value : result) value /= static_cast<double>(views_.size());
    for (size_t row = 0; row < queries.num_rows; ++row) {
      calibration_.apply(std::span(result).subspan(row * num_classes, num_classes));
    }
    return result;
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  // Adds the log-softmax over the classes that have labelled rows; the others become -infinity.
  void add_log_softmax(const float* scores, double* sums) const {
    double largest = -INFINITY, sum = 0;
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) largest = std::max(largest, double{scores[k]});
    }
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) sum += std::exp(scores[k] - largest);
    }
    const double log_normaliser = largest + std::log(sum);
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      sums[k] = class_counts_[k] > 0 ? sums[k] + scores[k] - log_normaliser : -INFINITY;
    }
  }

  // Each labelled row as the members that see it predicted it from the rows before it.
  void calibrate(const std::vector<int32_t>& labels) {
    const size_t num_classes = class_counts_.size();
    std::vector<double> sums(labels.size() * num_classes);
    std::vector<double> counts(labels.size());
    for (size_t member = 0; member < views_.size(); ++member) {
      const std::vector<float> scores = contexts_[member]->prequential();
      if (scores.empty()) return;
      for (size_t place = 0; place < views_[member].rows.size(); ++place) {
        const uint32_t row = views_[member].rows[place];
        add_log_softmax(scores.data() + place * num_classes, sums.data() + row * num_classes);
        ++counts[row];
      }
    }
    std::vector<double> inputs;
    std::vector<int32_t> truth;
    for (size_t row = 0; row < labels.size(); ++row) {
      if (counts[row] == 0) continue;
      for (size_t k = 0; k < num_classes; ++k) inputs.push_back(sums[row * num_classes + k] / counts[row]);
      truth.push_back(labels[row]);
    }
    calibration_ = Calibration::fit(inputs, truth, num_classes);
  }

  void describe(const EnsembleShape& shape, size_t num_rows) {
    notes_ = format_.notes();
    if (num_rows > shape.max_rows) {
      notes_.push_back(fmt::format("{} labelled rows, the model takes {} at a time: each of the {} ensemble members sees its own stratified subset",
                                   num_rows, shape.max_rows, shape.members));
    }
    const size_t num_features = format_.num_features(), dealt = shape.max_features - shape.max_features / 2;
    if (num_features > shape.max_features) {
      const size_t used = std::min(num_features, shape.max_features / 2 + dealt * static_cast<size_t>(shape.members));
      notes_.push_back(fmt::format("{} columns, the model takes {} at a time: each of the {} ensemble members sees the {} that best tell the classes apart "
                                   "one by one, and {} random others; {} columns in all{}",
                                   num_features, shape.max_features, shape.members, shape.max_features / 2, dealt, used,
                                   used < num_features ? "; a larger --ensemble uses more" : ""));
    }
  }

  std::shared_ptr<const Model> model_;
  CompactFormat format_;
  std::vector<uint32_t> class_counts_;
  Calibration calibration_;
  std::vector<TaskView> views_;
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
  std::vector<std::string> notes_;
};

}  // namespace

InContextMethod::InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options)
    : model_(std::move(model)), options_(options), members_(options.ensemble.value_or(kDefaultMembers)) {
  if (members_ < 1 || members_ > kMaxMembers) {
    fail(ErrorKind::kBadInput, "--ensemble {}: give a number of members from 1 to {}", members_, kMaxMembers);
  }
}

std::optional<uint64_t> InContextMethod::max_labelled_rows() const {
  return static_cast<uint64_t>(model_->info().max_shots) * static_cast<uint64_t>(members_);
}

std::unique_ptr<Predictor> InContextMethod::fit(const LabelledTable& shots) const {
  const int max_classes = model_->info().max_classes;
  if (shots.num_classes() > static_cast<size_t>(max_classes)) {
    fail(ErrorKind::kUnsupported,
         "the target has {} classes and this model tells at most {} apart; use --model xgboost or --model knn, or merge rare classes",
         shots.num_classes(), max_classes);
  }
  return std::make_unique<InContextPredictor>(model_, shots, options_, members_);
}

}  // namespace manyshot
