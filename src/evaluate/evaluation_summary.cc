// What an evaluation found: Evaluation::summarise().
#include <algorithm>
#include <optional>

#include "core/parallel.h"
#include "core/processor.h"
#include "evaluate/evaluation.h"
#include "evaluate/example_prompt.h"
#include "evaluate/run_unit.h"
#include "evaluate/summary/published_results.h"
#include "evaluate/summary/summarise.h"

namespace manyshot {
namespace {

UnitSummary score(const UnitRecord& record, const EvaluationTable& table) {
  UnitSummary unit{.shots = record.key.shots, .seed = record.key.seed, .error = record.error};
  if (!record.error.empty()) return unit;
  std::vector<int32_t> truth;
  for (const uint32_t row : record.rows) truth.push_back(table.labels[row]);
  const size_t num_classes = table.classes.size();
  MetricsAccumulator accumulator(num_classes);
  accumulator.add(record.probabilities, truth);
  unit.metrics = score_predictions(record.probabilities, truth, num_classes);
  unit.reliability = accumulator.reliability();
  const std::vector<size_t> predicted = predicted_classes(record.probabilities, num_classes);
  for (size_t query = 0; query < truth.size(); ++query)
    unit.correct.push_back(predicted[query] == static_cast<size_t>(truth[query]));
  UnitFacts facts = unit_facts_from_json(record.facts);
  unit.fit_s = facts.fit_s;
  unit.predict_s = facts.predict_s;
  unit.contexts = facts.contexts;
  unit.one_class_contexts = facts.one_class_contexts;
  unit.answers = facts.answers;
  unit.notes = std::move(facts.notes);
  return unit;
}

}  // namespace

Summary Evaluation::summarise() {
  Summary summary;
  describe_run(summary);
  describe_tables(summary);
  std::vector<std::optional<UnitSummary>> scored(units_.size());
  std::vector<std::string> finished(units_.size());
  parallel_for(units_.size(), [&](size_t place, int) {
    const Unit& unit = units_[place];
    const std::optional<UnitRecord> record = ledgers_->find(key_of(unit));
    if (!record) return;
    scored[place] = score(*record, tables_[unit.table]);
    scored[place]->model = unit.model;
    scored[place]->table = unit.table;
    finished[place] = record->finished;
  });
  for (size_t place = 0; place < units_.size(); ++place) {
    if (!scored[place]) continue;
    RunFacts& run = summary.run;
    run.started = run.started.empty() ? finished[place] : std::min(run.started, finished[place]);
    run.finished = std::max(run.finished, finished[place]);
    summary.units.push_back(std::move(*scored[place]));
  }
  manyshot::summarise(summary);
  add_examples(summary);
  if (options_.compares_published()) summary.published = compare_with_published(summary);
  return summary;
}

void Evaluation::describe_run(Summary& summary) const {
  summary.run = {.version = version_,
                 .options = as_in_files(values_of(options_)),
                 .protocol = std::string(name_of(options_.protocol.kind)),
                 .shots = shots_,
                 .seeds = seeds_,
                 .baseline = *options_.baseline,
                 .forest = forest_among(models_),
                 .processor = processor_name(),
                 .num_threads = num_threads()};
  for (const EvaluatedModel& model : models_) {
    summary.models.push_back(
        {.name = model.spelling, .path = model.path, .uncalibrated = uncalibrated_twin(model, models_)});
  }
}

void Evaluation::describe_tables(Summary& summary) const {
  for (size_t place = 0; place < tables_.size(); ++place) {
    const EvaluationTable& table = tables_[place];
    TableSummary facts{
        .name = table.name,
        .path = table.path,
        .target = table.target,
        .classes = table.classes,
        .class_rows = std::vector<uint64_t>(table.classes.size()),
        .rows = table.num_rows(),
        .train_rows = splits_[place].train.size(),
        .queries = std::min<uint64_t>(splits_[place].test.size(), options_.protocol.max_queries.value_or(UINT64_MAX)),
        .features = table.features.columns.size(),
        .hash = table.hash};
    for (const int32_t label : table.labels) ++facts.class_rows[label];
    for (const Column& column : table.features.columns) {
      facts.text_columns += column.is_number() ? 0 : 1;
      for (size_t row = 0; row < table.num_rows(); ++row) facts.missing_cells += column.is_missing(row);
    }
    summary.tables.push_back(std::move(facts));
  }
  summary.skipped_tables = skipped_tables_;
  summary.short_tables = short_tables_;
}

void Evaluation::add_examples(Summary& summary) {
  for (size_t table = 0; table < tables_.size(); ++table) {
    const Unit first{0, table, shots_.front(), seeds_.front()};
    if (first.shots > splits_[table].train.size()) continue;
    const TaskPlan plan = plan_of(first);
    ExamplePrompt example = example_prompt(tables_[table], plan);
    example.table = table;
    example.seed = first.seed;
    for (size_t model = 0; model < models_.size(); ++model) {
      const std::optional<UnitRecord> record = ledgers_->find(key_of({model, table, first.shots, first.seed}));
      if (!record || !record->error.empty()) continue;
      example.answers.push_back(example_answer(tables_[table], plan, record->probabilities));
      example.answers.back().model = model;
    }
    summary.examples.push_back(std::move(example));
  }
}

}  // namespace manyshot
