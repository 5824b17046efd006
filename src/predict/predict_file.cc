#include "predict/predict_file.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "predict/fitted_parts.h"
#include "predict/fitted_task.h"
#include "predict/own_rows.h"
#include "predict/predict_numbers.h"
#include "predict/predictor.h"
#include "predict/saved_fit.h"

namespace manyshot {
namespace {

// A fit file tells the task; its rows are labelled ones, not asked for.
void check_task_given(const PredictOptions& options) {
  const TaskOptions& task = options.task;
  if (options.fit.empty()) {
    if (!task.train.empty() && !task.target.empty()) return;
    const bool is_both = task.train.empty() && task.target.empty();
    fail(ErrorKind::kBadInput, "{} {} needed, or --fit; see manyshot predict --help",
         is_both              ? "--train and --target"
         : task.train.empty() ? "--train"
                              : "--target",
         is_both ? "are" : "is");
  }
  if (task.test.empty() || options.own_rows.folds || options.own_rows.holdout) {
    fail(ErrorKind::kBadInput, "--fit {}: its rows are labelled ones; give the table with rows to predict: --test",
         options.fit);
  }
}

void check_options(const PredictOptions& options) {
  options.output.format();
  check_task_given(options);
  const OwnRowsOptions& own = options.own_rows;
  if (!options.task.test.empty() && (own.folds || own.holdout)) {
    fail(ErrorKind::kBadInput, "{} predicts rows of the training table; leave --test out, or predict {} without it",
         own.folds ? fmt::format("--folds {}", *own.folds) : fmt::format("--holdout {}", *own.holdout),
         options.task.test);
  }
  if (options.task.kind == TaskKind::kRegression) check_number_options(options);
}

// The rows of the training table that are asked for, where there is no test table.
std::optional<OwnRows> own_rows(const PredictOptions& options, const TrainingTable& train) {
  if (!options.task.test.empty()) return std::nullopt;
  return choose_own_rows(options.own_rows, options.task, train);
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

void fit_beside(const PredictOptions& options, const std::vector<LabelledTable>& shots, uint64_t num_queries,
                std::vector<FittedParts<Predictor>>& methods) {
  const BesideWork work{
      .rows = shots.front().labels.size(), .features = shots.front().features.columns.size(), .queries = num_queries};
  for (const std::string& name : baselines_beside(options.beside, {"majority", "forest", "knn"}, baseline_names(),
                                                  options.model, work, options.task.train))
    methods.push_back(fit_parts<Predictor>(name, *open_method(name), shots));
}

void refuse_long_queries(const Method& method, const LabelledTable& shots, const QueryReader& queries) {
  const auto query = method.find_long_query(shots, [&] { return queries.first_rows(queries.count_rows()); });
  if (query) refuse_long_query(queries.path(), queries.file_row(query->query), *query);
}

// Baselines need the labelled rows.
void refuse_beside(const PredictOptions& options) {
  if (!options.beside || *options.beside == std::vector<std::string>{"none"}) return;
  fail(
      ErrorKind::kBadInput,
      "--beside with --fit {}: its labelled rows were left out (--with-data no), and baselines need them; leave it out",
      options.fit);
}

// `table`: the labelled rows where they are open already.
PredictReport predict_rows(const PredictOptions& given, std::optional<TableFile> table, const BatchObserver& observe) {
  check_options(given);  // refuses before anything takes time
  const Stopwatch reading;
  std::optional<SavedFit> saved;
  if (!given.fit.empty()) saved = read_saved_fit(given.fit);
  const PredictOptions options = saved ? with_saved_options(given, *saved) : given;
  const TaskOptions& task = options.task;
  if (saved) check_weights(*saved, options);
  if (saved && saved->without_rows) refuse_beside(options);
  const FitStore store = saved ? FitStore::reading(saved->parts) : FitStore();
  const std::unique_ptr<Method> method = open_for_classes(options);
  const TrainingTable train = saved   ? open_saved_table(options, *saved)
                              : table ? open_training_table(task, *std::move(table))
                                      : open_training_table(task);
  if (train.is_number()) return predict_numbers(options, train, store, reading, observe.numbers);
  check_class_options(options, method.get());
  const std::optional<OwnRows> own = own_rows(options, train);
  QueryReader queries = open_queries(task, train, own);
  const std::vector<std::string> kept = queries.keep(options.output.keep);
  const FitWithoutRows* without_rows = saved && saved->without_rows ? &*saved->without_rows : nullptr;
  std::vector<LabelledTable> shots;
  if (without_rows == nullptr) shots = read_parts(task, train, own, method->max_labelled_rows());
  const std::vector<uint32_t> class_counts =
      without_rows != nullptr ? without_rows->class_counts : shots.front().class_counts();
  PredictionWriter writer(options.output, train.classes, class_counts, kept,
                          [&](const PredictionBatch& batch, std::span<const int32_t> labels) {
                            observe.classes({.method = options.model,
                                             .rows = batch.rows,
                                             .probabilities = batch.probabilities,
                                             .truth = batch.truth,
                                             .labels = labels,
                                             .kept = batch.kept});
                          });
  if (!own && !shots.empty()) queries.watch_for(shots.front().features);

  PredictReport report{.classes = train.classes,
                       .class_counts = class_counts,
                       .kept = kept,
                       .train_rows = without_rows != nullptr ? without_rows->train_rows : train.labels.size(),
                       .labelled_rows = std::accumulate(class_counts.begin(), class_counts.end(), uint64_t{0}),
                       .has_truth = queries.has_truth()};
  if (!shots.empty()) refuse_long_queries(*method, shots.front(), queries);
  report.read_s = reading.seconds();
  const Stopwatch fitting;
  std::vector<FittedParts<Predictor>> methods;
  methods.push_back(fit_parts<Predictor>(options.model, *method, shots, store));
  if (without_rows != nullptr) methods.front().parts.push_back(without_rows->restore(*method, given.fit));
  const Predictor& first = *methods.front().parts.front();
  log_notes(task.train, first.notes());
  if (shots.size() == 1) {
    report.honest = first.honest_probabilities();
    report.labels = shots.front().labels;
  }
  if (queries.has_truth() && !shots.empty()) fit_beside(options, shots, queries.count_rows(), methods);
  report.fit_s = fitting.seconds();

  const Stopwatch predicting;
  Progress progress("predict", queries.count_rows(), "rows");
  queries.scan(methods.front().batch_rows(), [&](const Table& chunk, const std::vector<int32_t>& truth,
                                                 const std::vector<uint64_t>& rows) {
    check_interrupted();
    for (const FittedParts<Predictor>& fitted : methods) {
      std::vector<double> probabilities = predict_parts(fitted, chunk, rows, own);
      if (&fitted == &methods.front()) {
        writer.append(
            {.rows = rows, .probabilities = std::move(probabilities), .truth = truth, .kept = queries.kept_cells()});
      } else {
        observe.classes({.method = fitted.name,
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

}  // namespace

PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe) {
  return predict_rows(options, std::nullopt, observe);
}

PredictReport predict_table(const PredictOptions& options, TableFile train, const BatchObserver& observe) {
  return predict_rows(options, std::move(train), observe);
}

}  // namespace manyshot
