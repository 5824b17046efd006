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
#include "predict/own_rows.h"
#include "predict/predictor.h"
#include "predict/task_tables.h"
#include "predict/write_predictions.h"

namespace manyshot {

// The names of all baselines, and "none".
std::vector<std::string> beside_choices();

struct PredictOptions {
  TaskOptions task;
  OwnRowsOptions own_rows;
  MethodOptions method;
  std::string model = "auto";
  std::optional<std::vector<std::string>> beside;
  OutputOptions output;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    TaskOptions::visit(self.task, v);
    OwnRowsOptions::visit(self.own_rows, v);
    option_heading(v, "Model");
    v("model", self.model, any_value(),
      fmt::format(
          "auto: the bundled model with and without trees in its prompt, averaged with the trees by what the "
          "labelled rows say; default: the bundled model alone; {}, an installed model such as smollm2, a model "
          "folder, or a .gguf file.",
          fmt::join(baseline_names(), ", ")));
    MethodOptions::visit(self.method, v);
    OutputOptions::visit(self.output, v);
    v("beside", self.beside, one_of(beside_choices()),
      "Baselines that are scored beside the model when the test table has the target, or none; without it majority, "
      "forest and knn, each where it takes seconds.");
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
// Called for each batch of the chosen model, and, when the test table has labels, of the baselines beside it. Batches
// of one method come in the order of the rows.
using BatchObserver = std::function<void(const PredictedBatch&)>;

struct PredictReport {
  std::vector<std::string> classes;
  std::vector<uint32_t> class_counts;  // labelled rows used, by class
  std::vector<std::string> kept;       // columns of the test table that are written too
  uint64_t train_rows = 0;             // rows of the training table
  uint64_t labelled_rows = 0;          // rows used
  uint64_t queries = 0;
  bool has_truth = false;
  std::vector<double> honest;   // [labelled_rows, K] as Predictor::honest_probabilities
  std::vector<int32_t> labels;  // [labelled_rows]
  double read_s = 0, fit_s = 0, predict_s = 0;
};

// Throws Error before anything is written; the output appears only when complete.
PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe);

}  // namespace manyshot
