// `manyshot predict`: a table of labelled rows and a table of queries in, a table of predictions out.
#pragma once

#include <fmt/ranges.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "predict/baselines.h"
#include "predict/beside.h"
#include "predict/number_baselines.h"
#include "predict/own_rows.h"
#include "predict/predictor.h"
#include "predict/task_tables.h"
#include "predict/write_predictions.h"

namespace manyshot {

// For a visit(): options of a task, of which none is needed where a fit file has them.
template <class Visitor>
struct OptionsUnlessFitted {
  Visitor& visitor;
  void set_heading(std::string_view heading) { option_heading(visitor, heading); }
  template <class Member>
  void operator()(std::string_view name, Member& member, Constraint limits, std::string_view help) {
    const std::string needed = limits.is_required ? " Needed without --fit." : "";
    limits.is_required = false;
    visitor(name, member, std::move(limits), std::string(help) + needed);
  }
};

struct PredictOptions {
  TaskOptions task{.kind = TaskKind::kAuto};
  OwnRowsOptions own_rows;
  MethodOptions method;
  std::string model = "auto";
  std::string fit;
  std::optional<std::vector<std::string>> beside;
  OutputOptions output;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("fit", self.fit, any_value(),
      "File of manyshot fit, in place of --train, --target and all that decides how they are fitted.");
    OptionsUnlessFitted<Visitor> task_visitor{v};
    TaskOptions::visit(self.task, task_visitor);
    option_heading(v, "Input");
    v("task", self.task.kind, any_value(), kTaskKindHelp);
    option_heading(v, "Labelled rows");
    OwnRowsOptions::visit(self.own_rows, v);
    option_heading(v, "Model");
    v("model", self.model, any_value(),
      fmt::format(
          "auto: the bundled model with and without trees in its prompt, averaged with the trees by what the "
          "labelled rows say; default: the bundled model alone; {}, an installed model such as smollm2, a model "
          "folder, or a .gguf file. Of a number: {}; auto averages forest, ridge and xgboost, and the bundled model "
          "where it knows numbers.",
          fmt::join(baseline_names(), ", "), fmt::join(number_baseline_names(), ", ")));
    MethodOptions::visit(self.method, v);
    OutputOptions::visit(self.output, v);
    v("beside", self.beside, one_of(beside_choices()),
      "Baselines that are scored beside the model when the test table has the target, or none; without it majority, "
      "forest and knn, of a number mean, ridge, forest and knn, each where it takes seconds.");
  }
};

// A batch of queries as one method predicted it.
struct PredictedBatch {
  const std::string& method;
  std::span<const uint64_t> rows;         // [Q] of the table that holds them, from 0
  std::span<const double> probabilities;  // [Q, K]
  std::span<const int32_t> truth;         // [Q] class index, kUnscored or kUnseen; empty when no row has a label
  std::span<const int32_t> labels;        // [Q] of the chosen model: what is written; empty for baselines
  std::span<const std::vector<std::string>> kept;  // of the chosen model: [PredictReport::kept][Q]
};
// The same of a target that is a number.
struct PredictedNumbers {
  const std::string& method;
  bool is_chosen = false;          // the chosen model, no baseline beside it
  std::span<const uint64_t> rows;  // [Q]
  const Distributions& distributions;
  std::span<const double> points;                  // [Q] what is predicted
  std::span<const double> truth;                   // [Q] NaN: none; empty when no row has one
  std::span<const std::vector<std::string>> kept;  // of the chosen model
  double resolution = 0;                           // of the labelled rows' numbers, as log_density_of takes it
};
// Called for each batch of the chosen model, and, when the test table has labels, of the baselines beside it. Batches
// of one method come in the order of the rows. One of the two is called, as the target is.
struct BatchObserver {
  std::function<void(const PredictedBatch&)> classes;
  std::function<void(const PredictedNumbers&)> numbers;
};

struct PredictReport {
  std::vector<std::string> classes;
  std::vector<uint32_t> class_counts;  // labelled rows used, by class
  std::vector<std::string> kept;       // columns of the test table that are written too
  uint64_t train_rows = 0;             // rows of the training table
  uint64_t labelled_rows = 0;          // rows used
  uint64_t queries = 0;
  bool has_truth = false;
  std::vector<double> honest;        // [labelled_rows, K] as Predictor::honest_probabilities
  std::vector<int32_t> labels;       // [labelled_rows]
  bool is_number = false;            // the target; then there are no classes, and in place of the two above:
  std::vector<double> honest_means;  // [labelled_rows] as NumberPredictor has them
  std::vector<double> numbers;       // [labelled_rows]
  double read_s = 0, fit_s = 0, predict_s = 0;
};

// Throws Error before anything is written; the output appears only when complete.
PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe);
// The same of labelled rows that are open; options.task.train is what messages call them.
PredictReport predict_table(const PredictOptions& options, TableFile train, const BatchObserver& observe);

}  // namespace manyshot
