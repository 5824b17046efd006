#include "predict/text_predictor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/interrupt.h"
#include "core/progress.h"
#include "encoding/tokenizer/tokenizer.h"
#include "predict/json_writer.h"
#include "predict/text_task.h"

namespace manyshot {
namespace {

// Adds each class's share; classes without labelled rows get none.
void add_shares(std::span<const float> log_likelihoods, const std::vector<uint32_t>& class_counts,
                double* probabilities) {
  double largest = -INFINITY, sum = 0;
  for (size_t k = 0; k < class_counts.size(); ++k) {
    if (class_counts[k] > 0) largest = std::max(largest, double{log_likelihoods[k]});
  }
  std::vector<double> shares(class_counts.size());
  for (size_t k = 0; k < class_counts.size(); ++k) {
    if (class_counts[k] > 0) sum += shares[k] = std::exp(log_likelihoods[k] - largest);
  }
  for (size_t k = 0; k < class_counts.size(); ++k) probabilities[k] += shares[k] / sum;
}

class ScoredTextPredictor : public Predictor {
 public:
  ScoredTextPredictor(std::shared_ptr<const Model> model, const LabelledTable& shots, const MethodOptions& options,
                      uint64_t seed, int members)
      : model_(std::move(model)),
        task_(*model_->tokenizer(), static_cast<size_t>(model_->info().context_window), shots, options, seed, members,
              /*queries_per_prompt=*/1) {
    Progress progress("context", task_.views().size(), "members");
    for (const TaskView& view : task_.views()) {
      check_interrupted();
      contexts_.push_back(model_->encode(task_.format().prompt(view)));
      progress.add();
    }
  }

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_classes = task_.class_counts().size();
    std::vector<double> result(queries.num_rows * num_classes);
    std::vector<float> scores(queries.num_rows * num_classes);
    const std::vector<QueryTokens> tokens = task_.format().queries(queries, task_.views());
    for (size_t member = 0; member < contexts_.size(); ++member) {
      check_interrupted();
      contexts_[member]->score(tokens[member], scores);
      for (size_t row = 0; row < queries.num_rows; ++row) {
        add_shares(std::span(scores).subspan(row * num_classes, num_classes), task_.class_counts(),
                   result.data() + row * num_classes);
      }
    }
    for (double& value : result) value /= static_cast<double>(contexts_.size());
    return result;
  }

  std::vector<std::string> notes() const override { return task_.notes(); }
  size_t batch_rows() const override { return 64; }

 private:
  std::shared_ptr<const Model> model_;
  TextTask task_;
  std::vector<std::unique_ptr<EncodedContext>> contexts_;
};

class SequentialTextPredictor : public Predictor {
 public:
  SequentialTextPredictor(std::shared_ptr<const Model> model, const LabelledTable& shots, const MethodOptions& options,
                          uint64_t seed, int members)
      : model_(std::move(model)),
        task_(*model_->tokenizer(), static_cast<size_t>(model_->info().context_window), shots, options, seed, members,
              kQueriesPerPrompt) {
    for (const TaskView& view : task_.views())
      writers_.push_back(std::make_unique<JsonWriter>(*model_, task_.format(), view));
    const std::vector<uint32_t>& counts = task_.class_counts();
    majority_ = static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  }

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_classes = task_.class_counts().size();
    std::vector<double> result(queries.num_rows * num_classes);
    for (const auto& writer : writers_) {
      const WrittenAnswers written = writer->write(queries);
      for (size_t row = 0; row < queries.num_rows; ++row) add_answer(written, row, result.data() + row * num_classes);
      report_.invalid_json += written.parsed.repaired;
      report_.unknown_labels += written.parsed.unknown_labels;
      ++report_.responses;
    }
    for (double& value : result) value /= static_cast<double>(writers_.size());
    return result;
  }

  std::vector<std::string> notes() const override { return task_.notes(); }
  std::vector<std::string> closing_notes() const override {
    return {
        fmt::format("{} written answers: {} by id, {} by position, {} from label probabilities, {} the labelled rows' "
                    "majority; {} of {} responses were not valid JSON as they stood",
                    report_.written_answers(), report_.by_id, report_.by_position, report_.by_probability,
                    report_.by_majority, report_.invalid_json, report_.responses)};
  }
  AnswerReport answer_report() const override { return report_; }
  size_t batch_rows() const override { return kQueriesPerPrompt; }

 private:
  static constexpr size_t kQueriesPerPrompt = 50;  // the paper's N

  // Adds one member's vote for a query.
  void add_answer(const WrittenAnswers& written, size_t row, double* result) const {
    const size_t num_classes = task_.class_counts().size();
    std::vector<double> shares(num_classes);
    const std::vector<float>& scores = written.label_scores[row];
    if (!scores.empty()) add_shares(scores, task_.class_counts(), shares.data());
    if (const int32_t label = written.parsed.labels[row]; label >= 0) {
      ++(written.parsed.sources[row] == AnswerSource::kById ? report_.by_id : report_.by_position);
      // What was written is the answer: it has the largest share.
      if (scores.empty()) {
        shares[static_cast<size_t>(label)] = 1;
      } else {
        std::swap(shares[static_cast<size_t>(label)], *std::max_element(shares.begin(), shares.end()));
      }
    } else if (!scores.empty()) {
      ++report_.by_probability;
    } else {
      ++report_.by_majority;
      shares[majority_] = 1;
    }
    for (size_t k = 0; k < num_classes; ++k) result[k] += shares[k];
  }

  std::shared_ptr<const Model> model_;
  TextTask task_;
  std::vector<std::unique_ptr<JsonWriter>> writers_;
  size_t majority_ = 0;
  mutable AnswerReport report_;  // counted while predicting
};

}  // namespace

std::unique_ptr<Predictor> make_text_predictor(std::shared_ptr<const Model> model, const LabelledTable& shots,
                                               const MethodOptions& options, uint64_t seed, int members) {
  if (options.answers == "sequential")
    return std::make_unique<SequentialTextPredictor>(std::move(model), shots, options, seed, members);
  return std::make_unique<ScoredTextPredictor>(std::move(model), shots, options, seed, members);
}

}  // namespace manyshot
