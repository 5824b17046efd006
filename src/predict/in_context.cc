#include "predict/in_context.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "encoding/compact_format.h"
#include "predict/calibration.h"
#include "predict/ensemble.h"
#include "predict/text_predictor.h"
#include "predict/text_task.h"

namespace manyshot {
namespace {

class CompactPredictor : public Predictor {
 public:
  CompactPredictor(std::shared_ptr<const Model> model, const LabelledTable& shots, const MethodOptions& options,
                   uint64_t seed, int members)
      : model_(std::move(model)),
        shots_(shots.features),
        class_counts_(shots.class_counts()),
        calibration_(shots.num_classes()) {
    const ModelInfo& info = model_->info();
    format_ = std::make_unique<CompactFormat>(shots_, shots.labels, info.vocabulary);
    const EnsembleShape shape{.members = members,
                              .max_rows = static_cast<size_t>(info.max_shots),
                              .max_features = static_cast<size_t>(info.trained_features),
                              .num_label_ids = static_cast<size_t>(info.max_classes)};
    views_ = make_views(shots.labels, shots.num_classes(), format_->relevance(), shape, Rng(seed).child("ensemble"));
    weigh(usual_share());
    Progress progress("context", views_.size(), "members");
    for (const TaskView& view : views_) {
      check_interrupted();
      contexts_.push_back(model_->encode(format_->prompt(view)));
      progress.add();
    }
    if (options.calibrate == "context") calibrate(shots.labels);
    describe(shape, shots.labels.size());
  }

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_classes = class_counts_.size();
    std::vector<double> result(queries.num_rows * num_classes);
    std::vector<float> scores(queries.num_rows * num_classes);
    const std::vector<QueryTokens> tokens = format_->queries(queries, views_);
    for (size_t member = 0; member < views_.size(); ++member) {
      check_interrupted();
      contexts_[member]->score(tokens[member], scores);
      for (size_t row = 0; row < queries.num_rows; ++row) {
        add_log_softmax(scores.data() + row * num_classes, weights_[scale_of(member)],
                        result.data() + row * num_classes);
      }
    }
    for (size_t row = 0; row < queries.num_rows; ++row) {
      calibration_.apply(std::span(result).subspan(row * num_classes, num_classes));
    }
    return result;
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  // Adds the log-softmax over the classes that have labelled rows, times a weight; the others become -infinity.
  void add_log_softmax(const float* scores, double weight, double* sums) const {
    double largest = -INFINITY, sum = 0;
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) largest = std::max(largest, double{scores[k]});
    }
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      if (class_counts_[k] > 0) sum += std::exp(scores[k] - largest);
    }
    const double log_normaliser = largest + std::log(sum);
    for (size_t k = 0; k < class_counts_.size(); ++k) {
      sums[k] = class_counts_[k] > 0 ? sums[k] + weight * (scores[k] - log_normaliser) : -INFINITY;
    }
  }

  size_t scale_of(size_t member) const { return static_cast<size_t>(views_[member].scale); }

  // Members that read ranks get `share` of the weight, the others the rest.
  void weigh(double share) {
    std::array<double, 2> members{};
    for (size_t member = 0; member < views_.size(); ++member) ++members[scale_of(member)];
    for (size_t scale = 0; scale < 2; ++scale) {
      const double part = scale == static_cast<size_t>(NumberScale::kRanks) ? share : 1 - share;
      weights_[scale] = members[scale] > 0 ? part / members[scale] : 0;
    }
  }

  // Fits weights and calibration to each labelled row as the members that see it predicted it from the rows before it.
  void calibrate(const std::vector<int32_t>& labels) {
    const size_t num_classes = class_counts_.size();
    // By scale: sums of log-probabilities over the members that see a row [N, K], and their number [N].
    std::array<std::vector<double>, 2> sums, counts;
    sums.fill(std::vector<double>(labels.size() * num_classes));
    counts.fill(std::vector<double>(labels.size()));
    for (size_t member = 0; member < views_.size(); ++member) {
      const std::vector<float> scores = contexts_[member]->prequential();
      if (scores.empty()) return;
      const size_t scale = scale_of(member);
      for (size_t place = 0; place < views_[member].rows.size(); ++place) {
        const uint32_t row = views_[member].rows[place];
        add_log_softmax(scores.data() + place * num_classes, 1, sums[scale].data() + row * num_classes);
        ++counts[scale][row];
      }
    }
    std::array<std::vector<double>, 2> means;  // of rows seen on both scales
    std::vector<int32_t> truth;
    for (size_t row = 0; row < labels.size(); ++row) {
      if (counts[0][row] == 0 || counts[1][row] == 0) continue;
      for (size_t scale = 0; scale < 2; ++scale) {
        for (size_t k = 0; k < num_classes; ++k) {
          means[scale].push_back(sums[scale][row * num_classes + k] / counts[scale][row]);
        }
      }
      truth.push_back(labels[row]);
    }
    if (!truth.empty()) weigh(fit_share(means[0], means[1], truth, num_classes, usual_share()));

    std::vector<double> inputs;
    truth.clear();
    for (size_t row = 0; row < labels.size(); ++row) {
      const double weight = weights_[0] * counts[0][row] + weights_[1] * counts[1][row];
      if (weight == 0) continue;
      for (size_t k = 0; k < num_classes; ++k) {
        const size_t i = row * num_classes + k;
        inputs.push_back(class_counts_[k] > 0 ? (weights_[0] * sums[0][i] + weights_[1] * sums[1][i]) / weight
                                              : -INFINITY);
      }
      truth.push_back(labels[row]);
    }
    calibration_ = Calibration::fit(inputs, truth, num_classes);
  }

  // All members alike.
  double usual_share() const {
    const auto ranked = std::ranges::count(views_, NumberScale::kRanks, &TaskView::scale);
    return static_cast<double>(ranked) / static_cast<double>(views_.size());
  }

  void describe(const EnsembleShape& shape, size_t num_rows) {
    notes_ = format_->notes();
    if (num_rows > shape.max_rows) {
      notes_.push_back(
          fmt::format("{} labelled rows, the model takes {} at a time: each of the {} ensemble members sees its own "
                      "stratified subset",
                      num_rows, shape.max_rows, shape.members));
    }
    const size_t num_features = format_->num_features(), dealt = shape.max_features - shape.max_features / 2;
    if (num_features > shape.max_features) {
      const size_t used = std::min(num_features, shape.max_features / 2 + dealt * static_cast<size_t>(shape.members));
      notes_.push_back(
          fmt::format("{} columns, the model takes {} at a time: each of the {} ensemble members sees the {} that best "
                      "tell the classes apart one by one, and {} random others; {} columns in all{}",
                      num_features, shape.max_features, shape.members, shape.max_features / 2, dealt, used,
                      used < num_features ? "; a larger --ensemble uses more" : ""));
    }
  }

  std::shared_ptr<const Model> model_;
  Table shots_;  // the format refers to it
  std::unique_ptr<CompactFormat> format_;
  std::vector<uint32_t> class_counts_;
  Calibration calibration_;
  std::array<double, 2> weights_{};  // of one member, by its NumberScale; over all members they sum to 1
  std::vector<TaskView> views_;
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
  std::vector<std::string> notes_;
};

bool is_text(const Model& model) { return model.info().layout == PromptLayout::kFlat; }

int default_members(const Model& model) {
  return is_text(model) ? InContextMethod::kDefaultTextMembers : InContextMethod::kDefaultMembers;
}

}  // namespace

InContextMethod::InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options, uint64_t seed)
    : model_(std::move(model)),
      options_(options),
      seed_(seed),
      members_(options.ensemble.value_or(default_members(*model_))) {
  if (members_ < 1 || members_ > kMaxMembers) {
    fail(ErrorKind::kBadInput, "--ensemble {}: give a number of members from 1 to {}", members_, kMaxMembers);
  }
  const bool text = is_text(*model_);
  if (options_.format != "auto" && text == (options_.format == "compact")) {
    fail(ErrorKind::kBadInput, "--format {}: {} reads {}", options_.format, model_->info().path,
         text ? "concat or tabllm" : "compact");
  }
  if (text) adopt_trained_prompt(model_->info().trained_prompt, options_);
  if (!text) {
    for (const auto& [flag, value, none] : {std::tuple{"--chat", &options_.chat, "auto"},
                                            {"--compat", &options_.compat, "paper"},
                                            {"--labels", &options_.labels, "ids"},
                                            {"--answers", &options_.answers, "scored"}}) {
      if (*value != none)
        fail(ErrorKind::kBadInput, "{} {} is for language models; {} is a compact model: leave the option out", flag,
             *value, model_->info().path);
    }
  }
}

std::optional<uint64_t> InContextMethod::max_labelled_rows() const {
  const ModelInfo& info = model_->info();
  // A row of a text prompt has at least three tokens.
  const int rows = is_text(*model_) ? info.context_window / 3 : info.max_shots;
  return static_cast<uint64_t>(rows) * static_cast<uint64_t>(members_);
}

std::unique_ptr<Predictor> InContextMethod::fit(const LabelledTable& shots) const {
  const int max_classes = model_->info().max_classes;
  if (max_classes > 0 && shots.num_classes() > static_cast<size_t>(max_classes)) {
    fail(ErrorKind::kUnsupported,
         "the target has {} classes and this model tells at most {} apart; use --model xgboost or --model knn, or "
         "merge rare classes",
         shots.num_classes(), max_classes);
  }
  if (!is_text(*model_)) return std::make_unique<CompactPredictor>(model_, shots, options_, seed_, members_);
  return make_text_predictor(model_, shots, options_, seed_, members_);
}

}  // namespace manyshot
