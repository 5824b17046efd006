#include "predict/predict_file.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "predict/own_rows.h"
#include "predict/predictor.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {

// A method, fitted once for each part of the rows that are asked for.
struct FittedMethod {
  std::string name;
  std::vector<std::unique_ptr<Predictor>> parts;

  size_t batch_rows() const { return parts.front()->batch_rows(); }
};

FittedMethod fit(const std::string& name, const Method& method, const std::vector<LabelledTable>& shots) {
  FittedMethod fitted{.name = name};
  for (const LabelledTable& of_part : shots) fitted.parts.push_back(method.fit(of_part));
  return fitted;
}

// [Q, K] Each query by the predictor of its part, which `own` tells of `rows`.
std::vector<double> predict(const FittedMethod& method, const Table& queries, const std::vector<uint64_t>& rows,
                            const std::optional<OwnRows>& own) {
  if (method.parts.size() == 1) return method.parts.front()->predict(queries);
  std::vector<double> result;
  for (size_t part = 0; part < method.parts.size(); ++part) {
    std::vector<uint64_t> places;
    for (size_t place = 0; place < rows.size(); ++place) {
      if (own->part[rows[place]] == static_cast<int32_t>(part)) places.push_back(place);
    }
    if (places.empty()) continue;
    const std::vector<double> p = method.parts[part]->predict(take_rows(queries, places));
    const size_t num_classes = p.size() / places.size();
    result.resize(rows.size() * num_classes);
    for (size_t i = 0; i < places.size(); ++i) {
      std::copy_n(p.begin() + static_cast<ptrdiff_t>(i * num_classes), num_classes,
                  result.begin() + static_cast<ptrdiff_t>(places[i] * num_classes));
    }
  }
  return result;
}

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
          options.task.train,
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

namespace {

void check_options(const PredictOptions& options) {
  options.output.format();
  const OwnRowsOptions& own = options.own_rows;
  if (!options.task.test.empty() && (own.folds || own.holdout)) {
    fail(ErrorKind::kBadInput, "{} predicts rows of the training table; leave --test out, or predict {} without it",
         own.folds ? fmt::format("--folds {}", *own.folds) : fmt::format("--holdout {}", *own.holdout),
         options.task.test);
  }
}

// The rows of the training table that are asked for, where there is no test table.
std::optional<OwnRows> own_rows(const PredictOptions& options, const TrainingTable& train) {
  if (!options.task.test.empty()) return std::nullopt;
  return choose_own_rows(options.own_rows, options.task, train);
}

QueryReader open_queries(const TaskOptions& task, const TrainingTable& train, const std::optional<OwnRows>& own) {
  if (!own) return QueryReader(task, train);
  std::vector<uint64_t> asked;
  for (size_t row = 0; row < own->part.size(); ++row) {
    if (own->is_asked(row)) asked.push_back(row);
  }
  return QueryReader(task, train, std::move(asked));
}

// The labelled rows of each part.
std::vector<LabelledTable> read_parts(const TaskOptions& task, const TrainingTable& train,
                                      const std::optional<OwnRows>& own, std::optional<uint64_t> limit) {
  std::vector<LabelledTable> shots;
  if (!own) {
    shots.push_back(read_shots(task, train, limit));
    return shots;
  }
  for (size_t part = 0; part < own->num_parts; ++part)
    shots.push_back(read_shots(task, train, limit, own->usable_labels(train.labels, part)));
  return shots;
}

}  // namespace

PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe) {
  const TaskOptions& task = options.task;
  check_options(options);  // refuses before anything takes time
  const Stopwatch reading;
  const std::unique_ptr<Method> method = open_method(options.model, options.method, task.seed);
  const TrainingTable train = open_training_table(task);
  const std::optional<OwnRows> own = own_rows(options, train);
  QueryReader queries = open_queries(task, train, own);
  const std::vector<std::string> kept = queries.keep(options.output.keep);
  const std::vector<LabelledTable> shots = read_parts(task, train, own, method->max_labelled_rows());
  PredictionWriter writer(options.output, train.classes, shots.front().class_counts(), kept,
                          [&](const PredictionBatch& batch, std::span<const int32_t> labels) {
                            observe({.method = options.model,
                                     .rows = batch.rows,
                                     .probabilities = batch.probabilities,
                                     .truth = batch.truth,
                                     .labels = labels,
                                     .kept = batch.kept});
                          });
  if (!own) queries.watch_for(shots.front());

  PredictReport report{.classes = train.classes,
                       .class_counts = shots.front().class_counts(),
                       .kept = kept,
                       .train_rows = train.labels.size(),
                       .labelled_rows = shots.front().labels.size(),
                       .has_truth = queries.has_truth()};
  if (const auto query =
          method->find_long_query(shots.front(), [&] { return queries.first_rows(queries.count_rows()); }))
    refuse_long_query(queries.path(), queries.file_row(query->query), *query);
  report.read_s = reading.seconds();
  const Stopwatch fitting;
  std::vector<FittedMethod> methods;
  methods.push_back(fit(options.model, *method, shots));
  const Predictor& first = *methods.front().parts.front();
  log_notes(task.train, first.notes());
  if (shots.size() == 1) {
    report.honest = first.honest_probabilities();
    report.labels = shots.front().labels;
  }
  if (queries.has_truth()) {
    for (const std::string& name : baselines_beside(options, shots.front(), queries.count_rows()))
      methods.push_back(fit(name, *open_method(name), shots));
  }
  report.fit_s = fitting.seconds();

  const Stopwatch predicting;
  Progress progress("predict", queries.count_rows(), "rows");
  queries.scan(methods.front().batch_rows(), [&](const Table& chunk, const std::vector<int32_t>& truth,
                                                 const std::vector<uint64_t>& rows) {
    check_interrupted();
    for (const FittedMethod& fitted : methods) {
      std::vector<double> probabilities = predict(fitted, chunk, rows, own);
      if (&fitted == &methods.front()) {
        writer.append(
            {.rows = rows, .probabilities = std::move(probabilities), .truth = truth, .kept = queries.kept_cells()});
      } else {
        observe({.method = fitted.name,
                 .rows = rows,
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
  log_notes(queries.path(), first.closing_notes());
  writer.finish();
  writer.commit();
  report.predict_s = predicting.seconds();
  return report;
}

}  // namespace manyshot
