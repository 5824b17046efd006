#include "memory/outcome_predictor.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "predict/number_baselines.h"
#include "predict/task_tables.h"
#include "table/json_rows.h"
#include "table/text_table.h"

namespace manyshot::memory {
namespace {

// Stands before the name of a class in the column of outcomes, so that none of them reads as a missing value.
constexpr char kClassMark = '=';

// A column that is no field.
std::string outcome_column(std::span<const Experience> experiences) {
  std::set<std::string> names;
  for (const Experience& experience : experiences) {
    for (const auto& field : experience.fields.items()) names.insert(field.key());
  }
  std::string name = "outcome";
  while (names.contains(name)) name += '_';
  return name;
}

// The latest experience first: a field that counts attempts would pass for the number of the row, and be left out.
TableFile table_of(std::span<const Experience> experiences, const std::string& target, const std::string& name) {
  std::vector<Json> rows;
  for (size_t i = experiences.size(); i-- > 0;) {
    rows.push_back(experiences[i].fields);
    const Json& outcome = experiences[i].outcome;
    rows.back()[target] = outcome.is_string() ? Json(kClassMark + outcome.get<std::string>()) : outcome;
  }
  return TableFile::from_text(std::make_shared<const TextTable>(read_json_rows(rows, JsonText::kAsText, name)), name);
}

// Whether some field has two values.
bool do_fields_differ(std::span<const Experience> experiences) {
  return std::ranges::any_of(
      experiences, [&](const Experience& experience) { return experience.fields != experiences.front().fields; });
}

}  // namespace

// The fitted model and what reads queries for it.
class OutcomePredictor::Model {
 public:
  Model(std::span<const Experience> experiences, OutcomeKind kind, const OutcomePredictorOptions& options,
        std::shared_ptr<const Method> method, const std::string& name)
      : method_(std::move(method)), train_(open(experiences, kind, options, name)) {
    if (kind == OutcomeKind::kClass) {
      shots_ = read_shots(task_, train_, method_->max_labelled_rows());
      predictor_ = method_->fit(shots_);
      log_notes(name, predictor_->notes());
      return;
    }
    number_method_ = open_number_method(options.model.value_or("forest"), {}, options.seed);
    number_predictor_ =
        number_method_->fit(read_numbered_shots(task_, train_, number_method_->max_labelled_rows(), train_.labels));
    log_notes(name, number_predictor_->notes());
  }

  Answers predict(std::span<const Json> fields) const {
    Answers answers;
    const auto rows = std::make_shared<const TextTable>(read_json_rows(fields, JsonText::kAsText, task_.test));
    QueryReader queries(task_, train_, TableFile::from_text(rows, task_.test));
    queries.scan(predictor_ ? predictor_->batch_rows() : number_predictor_->batch_rows(),
                 [&](const Table& chunk, const std::vector<int32_t>&, const std::vector<uint64_t>&) {
                   auto& all = predictor_ ? answers.probabilities : answers.distributions.values;
                   const std::vector<double> more =
                       predictor_ ? predictor_->predict(chunk) : number_predictor_->predict(chunk).values;
                   all.insert(all.end(), more.begin(), more.end());
                 });
    return answers;
  }

  // Of classes, where the model can say.
  std::optional<SelfEstimate> estimate() const {
    if (!predictor_) return std::nullopt;
    return estimate_on_labelled_rows(predictor_->honest_probabilities(), shots_.labels, shots_.num_classes());
  }

 private:
  TrainingTable open(std::span<const Experience> experiences, OutcomeKind kind, const OutcomePredictorOptions& options,
                     const std::string& name) {
    task_.train = name;
    task_.test = "the fields";
    task_.target = outcome_column(experiences);
    task_.kind = kind == OutcomeKind::kClass ? TaskKind::kClassification : TaskKind::kRegression;
    task_.seed = options.seed;
    return open_training_table(task_, table_of(experiences, task_.target, name));
  }

  TaskOptions task_;
  std::shared_ptr<const Method> method_;
  TrainingTable train_;
  LabelledTable shots_;
  std::unique_ptr<Predictor> predictor_;  // of classes
  std::unique_ptr<NumberMethod> number_method_;
  std::unique_ptr<NumberPredictor> number_predictor_;
};

OutcomePredictor::OutcomePredictor(std::span<const Experience> experiences, const OutcomePredictorOptions& options,
                                   const std::shared_ptr<const Method>& method, const std::string& name)
    : kind_(kind_of(experiences.front().outcome)), num_experiences_(experiences.size()) {
  count_outcomes(experiences);
  if (experiences.size() < kFewestForModel) {
    word_ = fmt::format(
        "only {} experience{}: too few for a model, so how often each outcome came is all there is to go "
        "by, whatever the fields",
        experiences.size(), experiences.size() == 1 ? " is remembered" : "s are remembered");
  } else if (kind_ == OutcomeKind::kClass && classes_.size() < 2) {
    word_ = fmt::format("all {} experiences came out as \"{}\": nothing tells yet when something else happens",
                        experiences.size(), excerpt(classes_.front()));
  } else if (!do_fields_differ(experiences)) {
    word_ = fmt::format("all {} experiences have the same fields: how often each outcome came is all there is to go by",
                        experiences.size());
  } else {
    fit(experiences, options, method, name);
  }
}

OutcomePredictor::~OutcomePredictor() = default;

// Jeffreys' prior of half an experience for each class; where there is one class, for whatever else may come too.
void OutcomePredictor::count_outcomes(std::span<const Experience> experiences) {
  if (kind_ == OutcomeKind::kNumber) {
    std::vector<double> numbers;
    for (const Experience& experience : experiences) numbers.push_back(experience.outcome.get<double>());
    std::ranges::sort(numbers);
    base_slices_ = slices_of(numbers);
    return;
  }
  std::map<std::string, uint64_t> counts;
  for (const Experience& experience : experiences) ++counts[experience.outcome.get<std::string>()];
  const auto total = static_cast<double>(experiences.size());
  const double kinds = std::max<double>(2, static_cast<double>(counts.size()));
  for (const auto& [name, count] : counts) {
    classes_.push_back(name);
    class_counts_.push_back(count);
    base_rates_.push_back((static_cast<double>(count) + 0.5) / (total + kinds / 2));
  }
  if (counts.size() == 1) unseen_ = 0.5 / (total + kinds / 2);
}

void OutcomePredictor::fit(std::span<const Experience> experiences, const OutcomePredictorOptions& options,
                           const std::shared_ptr<const Method>& method, const std::string& name) {
  try {
    model_ = std::make_unique<Model>(experiences, kind_, options, method, name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadInput) throw;
    word_ = fmt::format("the fields cannot be used ({}): how often each outcome came is all there is to go by",
                        error.what());
    return;
  }
  estimate_ = model_->estimate();
}

double OutcomePredictor::base_rate_log_loss() const {
  double sum = 0;
  for (size_t k = 0; k < classes_.size(); ++k) sum -= static_cast<double>(class_counts_[k]) * std::log(base_rates_[k]);
  return sum / static_cast<double>(num_experiences_);
}

OutcomePredictor::Answers OutcomePredictor::predict(std::span<const Json> fields) const {
  if (model_) return model_->predict(fields);
  Answers answers;
  for (size_t i = 0; i < fields.size(); ++i) {
    answers.probabilities.insert(answers.probabilities.end(), base_rates_.begin(), base_rates_.end());
    answers.distributions.values.insert(answers.distributions.values.end(), base_slices_.begin(), base_slices_.end());
  }
  return answers;
}

}  // namespace manyshot::memory
