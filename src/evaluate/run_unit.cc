#include "evaluate/run_unit.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/stopwatch.h"
#include "evaluate/summary/answer_fields.h"

namespace manyshot {
namespace {

// The most frequent class of the labelled rows, if the context is to be answered with it.
std::optional<size_t> forced_class(const EvaluatedModel& model, const EvaluationTable& table,
                                   const ContextPlan& context, const std::vector<uint32_t>& counts) {
  const bool one_class = std::count_if(counts.begin(), counts.end(), [](uint32_t count) { return count > 0; }) == 1;
  const bool lacks_class = std::any_of(context.queries.begin(), context.queries.end(),
                                       [&](uint32_t row) { return counts[table.labels[row]] == 0; });
  if (!one_class && !(lacks_class && model.answers_missing_classes_with_majority)) return std::nullopt;
  return std::max_element(counts.begin(), counts.end()) - counts.begin();
}

void append_unique(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  for (const std::string& note : more) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
}

class UnitRunner {
 public:
  UnitRunner(const EvaluatedModel& model, const Method& method, const EvaluationTable& table, const TaskPlan& plan)
      : model_(model), method_(method), table_(table), plan_(plan) {}

  void run(const ContextPlan& context, UnitRecord& record) {
    LabelledTable shots{.classes = table_.classes};
    std::span<const uint32_t> rows = context.shots;
    if (const auto limit = method_.max_labelled_rows(); limit && *limit < rows.size()) {
      append_unique(facts_.notes, {fmt::format("{} labelled rows, of which the model takes {}", rows.size(), *limit)});
      rows = rows.first(*limit);
    }
    for (const uint32_t row : rows) shots.labels.push_back(table_.labels[row]);
    ++facts_.contexts;
    record.rows.insert(record.rows.end(), context.queries.begin(), context.queries.end());
    const std::vector<uint32_t> counts = shots.class_counts();
    if (const std::optional<size_t> answer = forced_class(model_, table_, context, counts)) {
      facts_.one_class_contexts += counts[*answer] == rows.size() ? 1 : 0;
      const size_t first = record.answers.size(), num_classes = counts.size();
      record.answers.resize(first + context.queries.size() * num_classes);
      for (size_t query = 0; query < context.queries.size(); ++query)
        record.answers[first + query * num_classes + *answer] = 1;
      return;
    }
    shots.features = take(table_.features, rows, plan_.columns);
    ask(shots, context.queries, record.answers);
  }

  const UnitFacts& facts() const { return facts_; }

 private:
  void ask(const LabelledTable& shots, std::span<const uint32_t> queries, std::vector<double>& probabilities) {
    const auto all_queries = [&] { return take(table_.features, queries, plan_.columns); };
    if (const auto query = method_.find_long_query(shots, all_queries))
      refuse_long_query(table_.path, table_.file_rows[queries[query->query]], *query);
    const Stopwatch fit_watch;
    const std::unique_ptr<Predictor> predictor = method_.fit(shots);
    facts_.fit_s += fit_watch.seconds();
    const Stopwatch predict_watch;
    for (size_t first = 0; first < queries.size(); first += predictor->batch_rows()) {
      check_interrupted();
      const auto batch = queries.subspan(first, std::min(predictor->batch_rows(), queries.size() - first));
      const std::vector<double> answers = predictor->predict(take(table_.features, batch, plan_.columns));
      probabilities.insert(probabilities.end(), answers.begin(), answers.end());
    }
    facts_.predict_s += predict_watch.seconds();
    facts_.answers += predictor->answer_report();
    append_unique(facts_.notes, predictor->notes());
    append_unique(facts_.notes, predictor->closing_notes());
  }

  const EvaluatedModel& model_;
  const Method& method_;
  const EvaluationTable& table_;
  const TaskPlan& plan_;
  UnitFacts facts_;
};

class NumberUnitRunner {
 public:
  NumberUnitRunner(const NumberMethod& method, const EvaluationTable& table, const TaskPlan& plan)
      : method_(method), table_(table), plan_(plan) {}

  void run(const ContextPlan& context, UnitRecord& record) {
    NumberedTable shots{.features = take(table_.features, context.shots, plan_.columns)};
    for (const uint32_t row : context.shots) shots.numbers.push_back(table_.numbers[row]);
    ++facts_.contexts;
    record.rows.insert(record.rows.end(), context.queries.begin(), context.queries.end());
    const Stopwatch fit_watch;
    const std::unique_ptr<NumberPredictor> predictor = method_.fit(shots);
    facts_.fit_s += fit_watch.seconds();
    const Stopwatch predict_watch;
    const std::span<const uint32_t> queries = context.queries;
    for (size_t first = 0; first < queries.size(); first += predictor->batch_rows()) {
      check_interrupted();
      const auto batch = queries.subspan(first, std::min(predictor->batch_rows(), queries.size() - first));
      const Distributions answers = predictor->predict(take(table_.features, batch, plan_.columns));
      record.answers.insert(record.answers.end(), answers.values.begin(), answers.values.end());
    }
    facts_.predict_s += predict_watch.seconds();
    append_unique(facts_.notes, predictor->notes());
  }

  const UnitFacts& facts() const { return facts_; }

 private:
  const NumberMethod& method_;
  const EvaluationTable& table_;
  const TaskPlan& plan_;
  UnitFacts facts_;
};

template <class Runner>
UnitRecord run_contexts(Runner& runner, const UnitKey& key, const TaskPlan& plan) {
  UnitRecord record{.key = key};
  try {
    for (const ContextPlan& context : plan.contexts) {
      check_interrupted();
      runner.run(context, record);
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInterrupted || error.kind() == ErrorKind::kOutOfMemory) throw;
    record.error = error.what();
    record.is_permanent = error.kind() == ErrorKind::kUnsupported || error.kind() == ErrorKind::kBadInput;
    record.rows.clear();
    record.answers.clear();
  }
  record.facts = to_json(runner.facts());
  return record;
}

}  // namespace

Json to_json(const UnitFacts& facts) {
  return {{"fit_s", facts.fit_s},
          {"predict_s", facts.predict_s},
          {"contexts", facts.contexts},
          {"one_class_contexts", facts.one_class_contexts},
          {"answers", to_json(facts.answers)},
          {"notes", facts.notes}};
}

UnitFacts unit_facts_from_json(const Json& json) {
  return {.fit_s = json.at("fit_s"),
          .predict_s = json.at("predict_s"),
          .contexts = json.at("contexts"),
          .one_class_contexts = json.at("one_class_contexts"),
          .answers = answer_report_from_json(json.at("answers")),
          .notes = json.at("notes")};
}

UnitRecord run_unit(const EvaluatedModel& model, const Method& method, const EvaluationTable& table,
                    const TaskPlan& plan, uint64_t shots, uint64_t seed) {
  UnitRunner runner(model, method, table, plan);
  return run_contexts(runner, {.model = model.spelling, .table = table.name, .shots = shots, .seed = seed}, plan);
}

UnitRecord run_number_unit(const EvaluatedModel& model, const NumberMethod& method, const EvaluationTable& table,
                           const TaskPlan& plan, uint64_t shots, uint64_t seed) {
  NumberUnitRunner runner(method, table, plan);
  return run_contexts(runner, {.model = model.spelling, .table = table.name, .shots = shots, .seed = seed}, plan);
}

}  // namespace manyshot
