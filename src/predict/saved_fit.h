// A fit on disk: the labelled rows, how they are fitted and with which weights, and the results that take time
// (docs/formats/msfit.md, docs/adr/0023).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "predict/fit_container.h"
#include "predict/predict_file.h"
#include "table/text_table.h"

namespace manyshot {

// Whether an option belongs to what is fitted, and is kept in a fit file, or to what is asked of it.
bool is_fitted_option(std::string_view name);

// The model of a fit.
struct FittedModel {
  std::string name;     // as --model has it; "" for what has no weights
  std::string sha256;   // of the weights
  std::string adapter;  // likewise of --adapter

  bool operator==(const FittedModel&) const = default;
};

// The SHA-256 of the weights at a path: of the file, or of the only weights file of a folder; of several that of the
// lines "SHA256  NAME\n", in the order of their names.
std::string weights_sha256(const std::string& path);
// What `options` ask for, with its weights as they are found now. `is_number`: the target is a number.
FittedModel model_of(const PredictOptions& options, bool is_number);

// A fit of classes whose labelled rows are left out.
struct FitWithoutRows {
  Schema features;
  std::vector<std::string> classes;
  std::vector<uint32_t> class_counts;  // [K] of the labelled rows
  uint64_t train_rows = 0;
  std::string predictor;  // Predictor::state_without_rows

  uint64_t labelled_rows() const;
  // What is known of the training table: no row of it.
  TrainingTable table(const PredictOptions& options) const;
  std::unique_ptr<Predictor> restore(const Method& method, const std::string& path) const;
};

struct SavedFit {
  std::string program;     // its version
  Json options;            // the fitted ones, by name
  bool is_number = false;  // the target
  FittedModel model;
  Json summary;                                // classes, columns and counts, for people
  std::shared_ptr<const TextTable> rows;       // features and target of the whole training table; null: left out
  std::optional<FitWithoutRows> without_rows;  // then
  FitParts parts;
};

// Writes all of it through `out`, which the caller commits.
void write_saved_fit(OutputFile& out, const SavedFit& fit);
// Throws what read_fit_container throws, and Error(kCorruptFile) for a file without what a fit has.
SavedFit read_saved_fit(const std::string& path);

// `given`, which names the file in `fit`, with the options that it was fitted with. Throws Error(kBadInput) for one
// that was given and belongs to what is fitted.
PredictOptions with_saved_options(const PredictOptions& given, const SavedFit& fit);
// The training table, without rows where they are left out.
TrainingTable open_saved_table(const PredictOptions& options, const SavedFit& fit);
// Throws Error(kBadInput) where the weights of that name are others than those of the fit.
void check_weights(const SavedFit& fit, const PredictOptions& options);

}  // namespace manyshot
