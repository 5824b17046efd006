#include "predict/text_predictor.h"

#include <mutex>

#include "core/interrupt.h"
#include "core/progress.h"
#include "encoding/tokenizer/tokenizer.h"
#include "predict/class_shares.h"
#include "predict/json_writer.h"
#include "predict/text_task.h"
#include "predict/written_answers.h"

namespace manyshot {
namespace {

constexpr size_t kWrittenTogether = 50;  // queries of one prompt where the model writes its answers: the paper's N

size_t queries_per_prompt(const PromptPlan& plan) {
  return plan.options.answers == Answers::kSequential ? kWrittenTogether : 1;
}

class ScoredTextPredictor : public Predictor {
 public:
  ScoredTextPredictor(std::shared_ptr<const Model> model, const PromptPlan& plan, const LabelledTable& shots)
      : model_(std::move(model)), task_(*model_->tokenizer(), plan, shots, queries_per_prompt(plan)) {
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
        add_class_shares(std::span(scores).subspan(row * num_classes, num_classes), task_.class_counts(),
                         std::span(result).subspan(row * num_classes, num_classes));
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
  SequentialTextPredictor(std::shared_ptr<const Model> model, const PromptPlan& plan, const LabelledTable& shots)
      : model_(std::move(model)), task_(*model_->tokenizer(), plan, shots, queries_per_prompt(plan)) {
    for (const TaskView& view : task_.views())
      writers_.push_back(std::make_unique<JsonWriter>(*model_, task_.format(), view));
  }

  std::vector<double> predict(const Table& queries) const override {
    std::vector<double> result(queries.num_rows * task_.class_counts().size());
    const std::lock_guard lock(mutex_);
    for (const auto& writer : writers_) add_votes(writer->write(queries), task_.class_counts(), result, report_);
    for (double& value : result) value /= static_cast<double>(writers_.size());
    return result;
  }

  std::vector<std::string> notes() const override { return task_.notes(); }
  std::vector<std::string> closing_notes() const override { return {describe_written_answers(answer_report())}; }
  AnswerReport answer_report() const override {
    const std::lock_guard lock(mutex_);
    return report_;
  }
  size_t batch_rows() const override { return kWrittenTogether; }

 private:
  std::shared_ptr<const Model> model_;
  TextTask task_;
  mutable std::mutex mutex_;                          // one prompt is answered at a time
  std::vector<std::unique_ptr<JsonWriter>> writers_;  // under mutex_: they keep what prompts share
  mutable AnswerReport report_;                       // under mutex_: counted while predicting
};

}  // namespace

std::unique_ptr<Predictor> make_text_predictor(std::shared_ptr<const Model> model, const PromptPlan& plan,
                                               const LabelledTable& shots) {
  if (plan.options.answers == Answers::kSequential)
    return std::make_unique<SequentialTextPredictor>(std::move(model), plan, shots);
  return std::make_unique<ScoredTextPredictor>(std::move(model), plan, shots);
}

std::optional<LongQuery> find_long_text_query(const Model& model, const PromptPlan& plan, const LabelledTable& shots,
                                              const Table& queries) {
  return TextTask(*model.tokenizer(), plan, shots, queries_per_prompt(plan)).find_long_query(queries);
}

}  // namespace manyshot
