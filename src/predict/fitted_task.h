// A task fitted to a table, without files: what `manyshot fit` keeps, and what programs ask through the C API.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "predict/predict_file.h"
#include "predict/saved_fit.h"

namespace manyshot {

// The method of `options`, unless it or the task is of numbers alone: whether the target is one is known only once it
// is read.
std::unique_ptr<Method> open_for_classes(const PredictOptions& options);
// Throws Error for what says nothing of classes. `method` is what open_for_classes gave.
void check_class_options(const PredictOptions& options, const Method* method);
// Throws Error(kBadInput) for options that are about classes.
void check_number_options(const PredictOptions& options);

// Answers of a fitted task, of which one of the two is filled.
struct TaskAnswers {
  std::vector<double> probabilities;  // [Q, K]
  Distributions distributions;        // [Q]
};

// Rows to predict, as a fitted task reads them.
struct QueryRows {
  Table table;                                  // features alone
  std::vector<std::string> kept;                // names of the columns that are handed on
  std::vector<std::vector<std::string>> cells;  // [kept][rows] as the source spells them
};

class FittedTask {
 public:
  // The labelled rows of `table`, which messages call options.task.train. Throws what reading, opening the model and
  // fitting throw.
  FittedTask(const PredictOptions& options, TableFile table, const FitStore& store);
  // That of a file, with its options.
  FittedTask(const PredictOptions& options, SavedFit& saved);
  FittedTask(const FittedTask&) = delete;
  FittedTask& operator=(const FittedTask&) = delete;

  // As given, but for the kind of task, which is settled.
  const PredictOptions& options() const { return options_; }
  const TrainingTable& train() const { return train_; }
  // Whether train() has its rows (FitWithoutRows has none).
  bool has_rows() const { return !train_.labels.empty(); }
  bool is_number() const { return train_.is_number(); }
  size_t num_labelled_rows() const { return num_labelled_rows_; }
  // Features and target, in this order.
  std::vector<std::string> column_names() const;
  std::vector<uint32_t> class_counts() const { return class_counts_; }

  // Predictor::state_without_rows; empty of numbers.
  std::string state_without_rows() const { return predictor_ ? predictor_->state_without_rows() : ""; }

  // Rows of `queries`, in their order; options().task.test is what messages call it. Safe from several threads.
  TaskAnswers predict(TableFile queries) const;
  // The same in two steps, the first of which names what `keep` asks for (QueryReader::keep). Rows of several tables
  // may be predicted as one (join_tables): the answers are the same bits.
  QueryRows read(TableFile queries, const std::vector<std::string>& keep) const;
  TaskAnswers predict(const Table& queries) const;

 private:
  void fit_classes(const FitStore& store);
  void fit_numbers(const FitStore& store);
  void restore(const FitWithoutRows& saved);
  size_t batch_rows() const;
  void add_answers(const Table& queries, TaskAnswers& answers) const;

  PredictOptions options_;
  std::unique_ptr<Method> method_;               // of classes
  std::unique_ptr<NumberMethod> number_method_;  // of numbers
  TrainingTable train_;
  size_t num_labelled_rows_ = 0;
  std::vector<uint32_t> class_counts_;
  std::unique_ptr<Predictor> predictor_;
  std::unique_ptr<NumberPredictor> number_predictor_;
};

}  // namespace manyshot
