#include "predict/predict_file.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/interrupt.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "predict/predictor.h"

namespace manyshot {
namespace {

struct NamedPredictor {
  std::string name;
  std::unique_ptr<Predictor> predictor;
};

constexpr double kMostSteps = 1e9;  // of a baseline that nobody asked for: some five seconds

// Roughly, the innermost steps of fitting a baseline and asking it.
double steps_of(std::string_view baseline, double rows, double features, double queries) {
  constexpr double kTrees = 100;
  if (baseline == "knn") return rows * queries * features;
  if (baseline == "forest") return kTrees * std::log2(rows + 2) * (rows * std::sqrt(features) + queries);
  return 0;
}

// The baselines to be scored beside the model. Those that nobody asked for are left out, with a note, where they would
// take minutes.
std::vector<std::string> baselines_beside(const PredictOptions& options, const LabelledTable& shots,
                                          uint64_t num_queries) {
  std::vector<std::string> names = options.beside.value_or(std::vector<std::string>{"majority", "forest", "knn"});
  std::erase(names, "none");
  std::erase(names, options.model);
  if (options.beside) return names;
  std::erase_if(names, [&](const std::string& name) {
    const bool is_long =
        steps_of(name, static_cast<double>(shots.labels.size()), static_cast<double>(shots.features.columns.size()),
                 static_cast<double>(num_queries)) > kMostSteps;
    if (is_long) {
      log_notes(
          options.task.test,
          {fmt::format("{} is not scored beside the model: {} rows behind {} labelled ones would take it minutes; "
                       "--beside {} asks for it all the same",
                       name, with_thousands(num_queries), with_thousands(shots.labels.size()), name)});
    }
    return is_long;
  });
  return names;
}

}  // namespace

std::vector<std::string> beside_choices() {
  std::vector<std::string> names = baseline_names();
  names.push_back("none");
  return names;
}

PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe) {
  const TaskOptions& task = options.task;
  options.output.format();  // refuses before anything takes time
  const Stopwatch reading;
  const std::unique_ptr<Method> method = open_method(options.model, options.method, task.seed);
  const TrainingTable train = open_training_table(task);
  QueryReader queries(task, train);
  const std::vector<std::string> kept = queries.keep(options.output.keep);
  const LabelledTable shots = read_shots(task, train, method->max_labelled_rows());
  PredictionWriter writer(options.output, train.classes, shots.class_counts(), kept,
                          [&](const PredictionBatch& batch, std::span<const int32_t> labels) {
                            observe({.method = options.model,
                                     .first_row = batch.first_row,
                                     .probabilities = batch.probabilities,
                                     .truth = batch.truth,
                                     .labels = labels,
                                     .kept = batch.kept});
                          });
  queries.watch_for(shots);

  PredictReport report{.classes = train.classes,
                       .class_counts = shots.class_counts(),
                       .kept = kept,
                       .train_rows = train.labels.size(),
                       .labelled_rows = shots.labels.size(),
                       .has_truth = queries.has_truth()};
  if (const auto query = method->find_long_query(shots, [&] { return queries.first_rows(queries.count_rows()); }))
    refuse_long_query(task.test, query->query, *query);
  report.read_s = reading.seconds();
  const Stopwatch fitting;
  std::vector<NamedPredictor> predictors;
  predictors.push_back({options.model, method->fit(shots)});
  log_notes(task.train, predictors.front().predictor->notes());
  report.honest = predictors.front().predictor->honest_probabilities();
  report.labels = shots.labels;
  if (queries.has_truth()) {
    for (const std::string& name : baselines_beside(options, shots, queries.count_rows())) {
      predictors.push_back({name, open_method(name)->fit(shots)});
    }
  }
  report.fit_s = fitting.seconds();

  const Stopwatch predicting;
  Progress progress("predict", queries.count_rows(), "rows");
  queries.scan(predictors.front().predictor->batch_rows(),
               [&](const Table& chunk, const std::vector<int32_t>& truth, uint64_t first_row) {
                 check_interrupted();
                 for (const NamedPredictor& named : predictors) {
                   std::vector<double> probabilities = named.predictor->predict(chunk);
                   if (&named == &predictors.front()) {
                     writer.append({.first_row = first_row,
                                    .probabilities = std::move(probabilities),
                                    .truth = truth,
                                    .kept = queries.kept_cells()});
                   } else {
                     observe({.method = named.name,
                              .first_row = first_row,
                              .probabilities = probabilities,
                              .truth = truth,
                              .labels = {},
                              .kept = {}});
                   }
                 }
                 report.queries += chunk.num_rows;
                 progress.add(chunk.num_rows);
               });
  check_interrupted();
  log_notes(task.test, predictors.front().predictor->closing_notes());
  writer.finish();
  writer.commit();
  report.predict_s = predicting.seconds();
  return report;
}

}  // namespace manyshot
