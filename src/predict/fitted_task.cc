#include "predict/fitted_task.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "predict/number_baselines.h"
#include "table/take_rows.h"

namespace manyshot {

std::unique_ptr<Method> open_for_classes(const PredictOptions& options) {
  const bool is_for_numbers = is_number_baseline(options.model) && !is_baseline(options.model);
  if (is_for_numbers || options.task.kind == TaskKind::kRegression) return nullptr;
  return open_method(options.model, options.method, options.task.seed);
}

void check_class_options(const PredictOptions& options, const Method* method) {
  if (method == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{} predicts numbers, and \"{}\" has classes; use auto, {}, or --task regression if it is a number",
         options.model, options.task.target, list_names(baseline_names()));
  }
  if (options.output.point != Point::kMean) {
    fail(ErrorKind::kBadInput, "--point {}: \"{}\" has classes, and a class has no {}; leave it out",
         name_of(options.output.point), options.task.target, name_of(options.output.point));
  }
}

void check_number_options(const PredictOptions& options) {
  if (options.output.metric != LabelMetric::kAccuracy) {
    fail(ErrorKind::kBadInput,
         "--metric {} chooses labels, and the target is a number; leave it out, or choose between --point mean and "
         "median",
         name_of(options.output.metric));
  }
  if (options.method.teacher.teacher != Teacher::kNone) {
    fail(ErrorKind::kBadInput, "--teacher {}: nothing that predicts numbers reads its columns; leave it out",
         name_of(options.method.teacher.teacher));
  }
}

FittedTask::FittedTask(const PredictOptions& options, TableFile table, const FitStore& store)
    : options_(options),
      method_(open_for_classes(options)),
      train_(open_training_table(options_.task, std::move(table))) {
  options_.task.kind = is_number() ? TaskKind::kRegression : TaskKind::kClassification;
  if (is_number()) {
    fit_numbers(store);
  } else {
    fit_classes(store);
  }
}

FittedTask::FittedTask(const PredictOptions& options, SavedFit& saved)
    : options_(options), method_(open_for_classes(options)), train_(open_saved_table(options_, saved)) {
  if (is_number()) {
    fit_numbers(FitStore::reading(saved.parts));
  } else if (saved.rows) {
    fit_classes(FitStore::reading(saved.parts));
  } else {
    restore(*saved.without_rows);
  }
}

void FittedTask::restore(const FitWithoutRows& saved) {
  check_class_options(options_, method_.get());
  num_labelled_rows_ = saved.labelled_rows();
  class_counts_ = saved.class_counts;
  predictor_ = saved.restore(*method_, options_.task.train);
  log_notes(options_.task.train, predictor_->notes());
}

void FittedTask::fit_classes(const FitStore& store) {
  check_class_options(options_, method_.get());
  const LabelledTable shots = read_shots(options_.task, train_, method_->max_labelled_rows());
  num_labelled_rows_ = shots.labels.size();
  class_counts_ = shots.class_counts();
  predictor_ = method_->fit_with(shots, store);
  log_notes(options_.task.train, predictor_->notes());
}

void FittedTask::fit_numbers(const FitStore& store) {
  check_number_options(options_);
  method_ = nullptr;
  number_method_ = open_number_method(options_.model, options_.method, options_.task.seed);
  const NumberedTable shots =
      read_numbered_shots(options_.task, train_, number_method_->max_labelled_rows(), train_.labels);
  num_labelled_rows_ = shots.numbers.size();
  number_predictor_ = number_method_->fit_with(shots, store);
  log_notes(options_.task.train, number_predictor_->notes());
}

std::vector<std::string> FittedTask::column_names() const {
  std::vector<std::string> names;
  for (const ColumnSchema& column : train_.features.columns) names.push_back(column.name);
  names.push_back(options_.task.target);
  return names;
}

TaskAnswers FittedTask::predict(TableFile queries) const {
  TaskAnswers answers;
  QueryReader reader(options_.task, train_, std::move(queries));
  reader.scan(batch_rows(), [&](const Table& chunk, const std::vector<int32_t>&, const std::vector<uint64_t>&) {
    check_interrupted();
    add_answers(chunk, answers);
  });
  return answers;
}

QueryRows FittedTask::read(TableFile queries, const std::vector<std::string>& keep) const {
  QueryReader reader(options_.task, train_, std::move(queries));
  QueryRows rows;
  if (!keep.empty()) rows.kept = reader.keep(keep);
  rows.cells.resize(rows.kept.size());
  std::vector<Table> chunks;
  reader.scan(SIZE_MAX, [&](const Table& chunk, const std::vector<int32_t>&, const std::vector<uint64_t>&) {
    chunks.push_back(chunk);
    for (size_t column = 0; column < rows.cells.size(); ++column) {
      const std::vector<std::string>& more = reader.kept_cells()[column];
      rows.cells[column].insert(rows.cells[column].end(), more.begin(), more.end());
    }
  });
  std::vector<const Table*> parts;
  for (const Table& chunk : chunks) parts.push_back(&chunk);
  rows.table = join_tables(parts);
  return rows;
}

TaskAnswers FittedTask::predict(const Table& queries) const {
  TaskAnswers answers;
  if (queries.num_rows <= batch_rows()) {
    add_answers(queries, answers);
    return answers;
  }
  for (size_t begin = 0; begin < queries.num_rows; begin += batch_rows()) {
    check_interrupted();
    std::vector<uint64_t> rows(std::min(batch_rows(), queries.num_rows - begin));
    std::iota(rows.begin(), rows.end(), uint64_t{begin});
    add_answers(take_rows(queries, rows), answers);
  }
  return answers;
}

size_t FittedTask::batch_rows() const {
  return predictor_ ? predictor_->batch_rows() : number_predictor_->batch_rows();
}

void FittedTask::add_answers(const Table& queries, TaskAnswers& answers) const {
  std::vector<double>& all = predictor_ ? answers.probabilities : answers.distributions.values;
  const std::vector<double> more =
      predictor_ ? predictor_->predict(queries) : number_predictor_->predict(queries).values;
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace manyshot
