#include "predict/predict_numbers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/progress.h"
#include "predict/auto_method.h"
#include "predict/fitted_parts.h"
#include "predict/fitted_task.h"

namespace manyshot {
namespace {

using Fitted = FittedParts<NumberPredictor>;

// The labelled rows of each part.
std::vector<NumberedTable> read_parts(const TaskOptions& task, const TrainingTable& train,
                                      const std::optional<OwnRows>& own, std::optional<uint64_t> limit) {
  std::vector<NumberedTable> shots;
  for (size_t part = 0; part < (own ? own->num_parts : 1); ++part) {
    shots.push_back(
        read_numbered_shots(task, train, limit, own ? own->usable_labels(train.labels, part) : train.labels));
  }
  return shots;
}

// The chosen method, and those beside it.
std::vector<Fitted> fit_all(const PredictOptions& options, const NumberMethod& method,
                            const std::vector<NumberedTable>& shots, const QueryReader& queries,
                            const FitStore& store) {
  std::vector<Fitted> methods;
  methods.push_back(fit_parts<NumberPredictor>(options.model, method, shots, store));
  if (!queries.has_truth()) return methods;
  const BesideWork work{.rows = shots.front().numbers.size(),
                        .features = shots.front().features.columns.size(),
                        .queries = queries.count_rows()};
  for (const std::string& name : baselines_beside(options.beside, {"mean", "ridge", "forest", "knn"},
                                                  number_baseline_names(), options.model, work, options.task.train)) {
    methods.push_back(fit_parts<NumberPredictor>(name, *open_number_method(name, {}, 0), shots));
  }
  return methods;
}

}  // namespace

PredictReport predict_numbers(const PredictOptions& options, const TrainingTable& train, const FitStore& store,
                              const Stopwatch& reading, const std::function<void(const PredictedNumbers&)>& observe) {
  const TaskOptions& task = options.task;
  check_number_options(options);
  const std::unique_ptr<NumberMethod> method = open_number_method(options.model, options.method, task.seed);
  const std::optional<OwnRows> own =
      task.test.empty() ? std::optional(choose_own_rows(options.own_rows, task, train)) : std::nullopt;
  QueryReader queries = open_queries(task, train, own);
  const std::vector<std::string> kept = queries.keep(options.output.keep);
  const std::vector<NumberedTable> shots = read_parts(task, train, own, method->max_labelled_rows());
  NumberWriter writer(options.output, kept);
  if (!own) queries.watch_for(shots.front().features);

  PredictReport report{.kept = kept,
                       .train_rows = train.labels.size(),
                       .labelled_rows = shots.front().numbers.size(),
                       .has_truth = queries.has_truth(),
                       .is_number = true,
                       .numbers = shots.front().numbers};
  report.read_s = reading.seconds();
  const Stopwatch fitting;
  const std::vector<Fitted> methods = fit_all(options, *method, shots, queries, store);
  log_notes(task.train, methods.front().parts.front()->notes());
  if (shots.size() == 1) report.honest_means = methods.front().parts.front()->honest_means();
  report.fit_s = fitting.seconds();

  const double resolution = resolution_of(shots.front().numbers);
  const Stopwatch predicting;
  Progress progress("predict", queries.count_rows(), "rows");
  queries.scan(methods.front().batch_rows(),
               [&](const Table& chunk, const std::vector<int32_t>&, const std::vector<uint64_t>& rows) {
                 check_interrupted();
                 for (const Fitted& fitted : methods) {
                   const bool is_chosen = &fitted == &methods.front();
                   const Distributions distributions{.values = predict_parts(fitted, chunk, rows, own)};
                   const std::vector<double> points = points_of(distributions, options.output.point);
                   std::span<const std::vector<std::string>> kept_cells;
                   if (is_chosen) kept_cells = queries.kept_cells();
                   if (is_chosen) writer.append(rows, distributions, points, kept_cells);
                   observe({.method = fitted.name,
                            .is_chosen = is_chosen,
                            .rows = rows,
                            .distributions = distributions,
                            .points = points,
                            .truth = queries.true_numbers(),
                            .kept = kept_cells,
                            .resolution = resolution});
                 }
                 report.queries += chunk.num_rows;
                 progress.add(chunk.num_rows);
               });
  check_interrupted();
  writer.commit();
  report.predict_s = predicting.seconds();
  return report;
}

}  // namespace manyshot
