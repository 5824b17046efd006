// What an evaluation found: Evaluation::summarise().
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/parallel.h"
#include "core/processor.h"
#include "evaluate/evaluation.h"
#include "evaluate/example_prompt.h"
#include "evaluate/run_unit.h"
#include "evaluate/summary/published_results.h"
#include "evaluate/summary/summarise.h"
#include "evaluate/summary/summarise_numbers.h"
#include "predict/points.h"

namespace manyshot {
namespace {

UnitSummary score(const UnitRecord& record, const EvaluationTable& table) {
  UnitSummary unit{.shots = record.key.shots, .seed = record.key.seed, .error = record.error};
  if (!record.error.empty()) return unit;
  std::vector<int32_t> truth;
  for (const uint32_t row : record.rows) truth.push_back(table.labels[row]);
  const size_t num_classes = table.classes.size();
  MetricsAccumulator accumulator(num_classes);
  accumulator.add(record.answers, truth);
  unit.metrics = score_predictions(record.answers, truth, num_classes);
  unit.reliability = accumulator.reliability();
  const std::vector<size_t> predicted = predicted_classes(record.answers, num_classes);
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

// What the labelled rows of each context alone let one say of its queries.
struct Reference {
  double mae = 0, crps = 0;
};

Reference reference_of(const EvaluationTable& table, const TaskPlan& plan) {
  Reference reference;
  double rows = 0;
  for (const ContextPlan& context : plan.contexts) {
    std::vector<double> known;
    for (const uint32_t row : context.shots) known.push_back(table.numbers[row]);
    std::ranges::sort(known);
    const std::vector<double> slices = slices_of(known);
    const double median = (known[(known.size() - 1) / 2] + known[known.size() / 2]) / 2;
    for (const uint32_t row : context.queries) {
      reference.mae += std::abs(table.numbers[row] - median);
      reference.crps += crps_of(slices, table.numbers[row]);
      ++rows;
    }
  }
  return {reference.mae / rows, reference.crps / rows};
}

NumberUnitSummary score_numbers(const UnitRecord& record, const EvaluationTable& table, const TaskPlan& plan) {
  NumberUnitSummary unit{.shots = record.key.shots, .seed = record.key.seed, .error = record.error};
  if (!record.error.empty()) return unit;
  const Distributions distributions{.values = record.answers};
  std::vector<double> truth, shown;
  for (const uint32_t row : record.rows) truth.push_back(table.numbers[row]);
  for (const ContextPlan& context : plan.contexts) {
    for (const uint32_t row : context.shots) shown.push_back(table.numbers[row]);
  }
  NumberMetricsAccumulator of_mean(resolution_of(shown)), of_median(0);
  of_mean.add(distributions, points_of(distributions, Point::kMean), truth);
  of_median.add(distributions, points_of(distributions, Point::kMedian), truth);
  static_cast<NumberMetrics&>(unit.metrics) = of_mean.result();
  unit.metrics.mae = of_median.result().mae;
  const Reference reference = reference_of(table, plan);
  if (reference.mae > 0) unit.metrics.relative_mae = unit.metrics.mae / reference.mae;
  if (reference.crps > 0) unit.metrics.relative_crps = unit.metrics.crps / reference.crps;
  UnitFacts facts = unit_facts_from_json(record.facts);
  unit.fit_s = facts.fit_s;
  unit.predict_s = facts.predict_s;
  unit.contexts = facts.contexts;
  unit.notes = std::move(facts.notes);
  return unit;
}

}  // namespace

Summary Evaluation::summarise() {
  Summary summary;
  describe_run(summary);
  describe_tables(summary);
  std::vector<std::optional<UnitSummary>> scored(units_.size());
  std::vector<std::optional<NumberUnitSummary>> scored_numbers(units_.size());
  std::vector<std::string> finished(units_.size());
  parallel_for(units_.size(), [&](size_t place, int) {
    const Unit& unit = units_[place];
    const std::optional<UnitRecord> record = finished_->find(key_of(unit));
    if (!record) return;
    finished[place] = record->finished;
    if (tables_[unit.table].is_number()) {
      scored_numbers[place] = score_numbers(*record, tables_[unit.table], plan_of(unit));
      scored_numbers[place]->model = unit.model;
      scored_numbers[place]->table = summary_places_[unit.table];
      return;
    }
    scored[place] = score(*record, tables_[unit.table]);
    scored[place]->model = unit.model;
    scored[place]->table = summary_places_[unit.table];
  });
  for (size_t place = 0; place < units_.size(); ++place) {
    if (finished[place].empty()) continue;
    RunFacts& run = summary.run;
    run.started = run.started.empty() ? finished[place] : std::min(run.started, finished[place]);
    run.finished = std::max(run.finished, finished[place]);
    if (scored[place]) summary.units.push_back(std::move(*scored[place]));
    if (scored_numbers[place]) summary.number_units.push_back(std::move(*scored_numbers[place]));
  }
  manyshot::summarise(summary);
  summarise_numbers(summary);
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
  for (size_t place = 0; place < tables_.size(); ++place)
    (tables_[place].is_number() ? summary.number_tables : summary.tables).push_back(describe_table(place));
  summary.skipped_tables = skipped_tables_;
  summary.short_tables = short_tables_;
}

TableSummary Evaluation::describe_table(size_t place) const {
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
  if (!table.is_number()) {
    for (const int32_t label : table.labels) ++facts.class_rows[label];
  }
  for (const Column& column : table.features.columns) {
    facts.text_columns += column.is_number() ? 0 : 1;
    for (size_t row = 0; row < table.num_rows(); ++row) facts.missing_cells += column.is_missing(row);
  }
  return facts;
}

void Evaluation::add_examples(Summary& summary) {
  for (size_t table = 0; table < tables_.size(); ++table) {
    const Unit first{0, table, shots_.front(), seeds_.front()};
    if (first.shots > splits_[table].train.size() || tables_[table].is_number()) continue;
    const TaskPlan plan = plan_of(first);
    ExamplePrompt example = example_prompt(tables_[table], plan);
    example.table = summary_places_[table];
    example.seed = first.seed;
    for (size_t model = 0; model < models_.size(); ++model) {
      const std::optional<UnitRecord> record = finished_->find(key_of({model, table, first.shots, first.seed}));
      if (!record || !record->error.empty()) continue;
      example.answers.push_back(example_answer(tables_[table], plan, record->answers));
      example.answers.back().model = model;
    }
    summary.examples.push_back(std::move(example));
  }
}

}  // namespace manyshot
