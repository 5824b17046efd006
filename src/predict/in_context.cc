#include "predict/in_context.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "encoding/compact_format.h"
#include "encoding/text/text_format.h"
#include "predict/calibration.h"
#include "predict/ensemble.h"
#include "predict/select_rows.h"

namespace manyshot {
namespace {

constexpr size_t kAnswerTokens = 32;  // room for an answer behind a query

class InContextPredictor : public Predictor {
 public:
  InContextPredictor(std::shared_ptr<const Model> model, const LabelledTable& shots, const MethodOptions& options, int members)
      : model_(std::move(model)),
        shots_(shots.features),
        class_counts_(shots.class_counts()),
        calibration_(shots.num_classes()) {
    const ModelInfo& info = model_->info();
    EnsembleShape shape{.members = members};
    if (is_text()) {
      format_ = std::make_unique<TextFormat>(shots_, shots.labels, *model_->tokenizer(), text_options(options), text_wrapping(options));
      shape.max_rows = shots.labels.size();
      shape.max_features = format_->num_features();
      shape.num_label_ids = shots.num_classes();
    } else {
      format_ = std::make_unique<CompactFormat>(shots_, shots.labels, info.vocabulary);
      shape.max_rows = static_cast<size_t>(info.max_shots);
      shape.max_features = static_cast<size_t>(info.trained_features);
      shape.num_label_ids = static_cast<size_t>(info.max_classes);
    }
    views_ = make_views(shots.labels, shots.num_classes(), format_->relevance(), shape, Rng(options.seed).child("ensemble"));
    if (is_text()) fit_context_window(shots.labels);
    Progress progress("context", views_.size(), "members");
    for (const TaskView& view : views_) {
      check_interrupted();
      contexts_.push_back(model_->encode(format_->prompt(view)));
      progress.add();
    }
    if (options.calibrate) calibrate(shots.labels);
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
  size_t batch_rows() const override { return is_text() ? 32 : Predictor::batch_rows(); }

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

  bool is_text() const { return model_->info().layout == PromptLayout::kFlat; }

  static TextPromptOptions text_options(const MethodOptions& options) {
    return {.style = parse_text_style(options.format == "auto" ? "concat" : options.format),
            .numbers = options.compat == "repo" ? NumberText::kPublished : NumberText::kPaper};
  }

  // Chat models know ChatML's tokens.
  ChatWrapping text_wrapping(const MethodOptions& options) const {
    if (options.chat != "auto") return parse_chat_wrapping(options.chat);
    return model_->tokenizer()->added_token("<|im_start|>") ? ChatWrapping::kChatMl : ChatWrapping::kRaw;
  }

  // Cuts each view's rows, class shares kept, until context, query and answer fit the model's window.
  void fit_context_window(const std::vector<int32_t>& labels) {
    const auto window = static_cast<size_t>(model_->info().context_window);
    for (TaskView& view : views_) {
      // Queries are about as long as the labelled rows; twice the longest of some leaves room.
      Table some{.num_rows = std::min<size_t>(shots_.num_rows, 32)};
      for (const Column& column : shots_.columns) some.columns.push_back(first_rows(column, some.num_rows));
      const QueryTokens queries = format_->queries(some, std::span(&view, 1)).front();
      size_t reserved = 0;
      for (size_t row = 0; row < queries.size(); ++row) reserved = std::max(reserved, queries[row].size());
      reserved = 2 * reserved + kAnswerTokens;
      for (size_t tokens; (tokens = format_->prompt(view).context.size() + reserved) > window;) {
        const double share = 0.98 * static_cast<double>(window) / static_cast<double>(tokens);
        const auto count = static_cast<uint64_t>(static_cast<double>(view.rows.size()) * share);
        if (reserved >= window || count < class_counts_.size()) {
          fail(ErrorKind::kBadInput, "a prompt with one row of each class and a query does not fit the model's window of {} tokens; "
               "--ignore columns, or use another model", window);
        }
        keep_rows(view, labels, count);
      }
      least_rows_ = std::min(least_rows_, view.rows.size());
    }
  }

  static Column first_rows(const Column& column, size_t count) {
    Column result = column;
    if (column.is_number()) {
      result.numbers.resize(count);
    } else {
      result.codes.resize(count);
    }
    return result;
  }

  // Keeps `count` of the view's rows in their order, each class in proportion.
  void keep_rows(TaskView& view, const std::vector<int32_t>& labels, uint64_t count) const {
    std::vector<int32_t> view_labels;
    for (const uint32_t row : view.rows) view_labels.push_back(labels[row]);
    std::vector<uint32_t> kept;
    for (const uint64_t place : select_rows(view_labels, class_counts_.size(), count, Selection::kStratified, Rng(0).child("window"))) {
      kept.push_back(view.rows[place]);
    }
    view.rows = std::move(kept);
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
    notes_ = format_->notes();
    if (is_text() && least_rows_ < num_rows) {
      notes_.push_back(fmt::format("{} labelled rows do not fit the model's window of {} tokens: it sees {} of them, each class in proportion", num_rows,
                                   model_->info().context_window, least_rows_));
    }
    if (num_rows > shape.max_rows) {
      notes_.push_back(fmt::format("{} labelled rows, the model takes {} at a time: each of the {} ensemble members sees its own stratified subset",
                                   num_rows, shape.max_rows, shape.members));
    }
    const size_t num_features = format_->num_features(), dealt = shape.max_features - shape.max_features / 2;
    if (num_features > shape.max_features) {
      const size_t used = std::min(num_features, shape.max_features / 2 + dealt * static_cast<size_t>(shape.members));
      notes_.push_back(fmt::format("{} columns, the model takes {} at a time: each of the {} ensemble members sees the {} that best tell the classes apart "
                                   "one by one, and {} random others; {} columns in all{}",
                                   num_features, shape.max_features, shape.members, shape.max_features / 2, dealt, used,
                                   used < num_features ? "; a larger --ensemble uses more" : ""));
    }
  }

  std::shared_ptr<const Model> model_;
  Table shots_;  // the format refers to it
  std::unique_ptr<PromptFormat> format_;
  std::vector<uint32_t> class_counts_;
  Calibration calibration_;
  std::vector<TaskView> views_;
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
  size_t least_rows_ = std::numeric_limits<size_t>::max();  // text: rows that fit the window, over members
  std::vector<std::string> notes_;
};

int default_members(const Model& model) {
  return model.info().layout == PromptLayout::kRows ? InContextMethod::kDefaultMembers : InContextMethod::kDefaultTextMembers;
}

}  // namespace

InContextMethod::InContextMethod(std::shared_ptr<const Model> model, const MethodOptions& options)
    : model_(std::move(model)), options_(options), members_(options.ensemble.value_or(default_members(*model_))) {
  if (members_ < 1 || members_ > kMaxMembers) {
    fail(ErrorKind::kBadInput, "--ensemble {}: give a number of members from 1 to {}", members_, kMaxMembers);
  }
  const bool is_text = model_->info().layout == PromptLayout::kFlat;
  if (options_.format != "auto" && is_text == (options_.format == "compact")) {
    fail(ErrorKind::kBadInput, "--format {}: {} reads {}", options_.format, model_->info().path, is_text ? "concat or tabllm" : "compact");
  }
}

std::optional<uint64_t> InContextMethod::max_labelled_rows() const {
  const ModelInfo& info = model_->info();
  // A row of a text prompt has at least three tokens.
  const int rows = info.layout == PromptLayout::kRows ? info.max_shots : info.context_window / 3;
  return static_cast<uint64_t>(rows) * static_cast<uint64_t>(members_);
}

std::unique_ptr<Predictor> InContextMethod::fit(const LabelledTable& shots) const {
  const int max_classes = model_->info().max_classes;
  if (max_classes > 0 && shots.num_classes() > static_cast<size_t>(max_classes)) {
    fail(ErrorKind::kUnsupported,
         "the target has {} classes and this model tells at most {} apart; use --model xgboost or --model knn, or merge rare classes",
         shots.num_classes(), max_classes);
  }
  return std::make_unique<InContextPredictor>(model_, shots, options_, members_);
}

}  // namespace manyshot
