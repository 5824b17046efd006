// `manyshot predict`: a table of labelled rows and a table of queries in, a table of predictions out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"

namespace manyshot {

struct PredictOptions {
  std::string train;
  std::string test;
  std::string target;
  std::string model = "default";
  std::string out;
  std::optional<uint64_t> shots;
  std::string select = "stratified";
  std::optional<int> ensemble;
  std::string calibrate = "context";
  std::vector<std::string> ignore;
  uint64_t seed = 0;
  std::string format = "auto";
  std::string chat = "auto";
  std::string compat = "paper";
  std::string dtype = "auto";
  std::string engine = "auto";
  std::string encoding = "auto";
  std::string delimiter = "auto";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("train", self.train, any_value(), "Table with labelled rows (CSV or Parquet).");
    v("test", self.test, any_value(), "Table with rows to predict.");
    v("target", self.target, any_value(), "Column to predict.");
    v("model", self.model, any_value(), "default, majority, knn, xgboost, an installed model such as smollm2, a model folder, or a .gguf file.");
    v("out", self.out, any_value(), "Predictions: CSV, or Parquet by its extension; without it CSV to standard output.");
    v("shots", self.shots, at_least(1), "Labelled rows to use; without it as many as the model can.");
    v("select", self.select, one_of({"random", "stratified"}), "How labelled rows are chosen when there are more than can be used.");
    v("ensemble", self.ensemble, at_least(1), "Members of the ensemble: each sees other row, column and label orders; without it 8, for language models 1.");
    v("calibrate", self.calibrate, one_of({"context", "none"}), "Fit the probabilities on the labelled rows, each predicted from those before it; none: as the model gives them.");
    v("ignore", self.ignore, any_value(), "Columns to leave out, such as ids.");
    v("seed", self.seed, any_value(), "Seed of every random choice; the same seed gives the same bytes.");
    v("format", self.format, one_of({"auto", "compact", "concat", "tabllm"}), "Prompt format; auto: compact for compact models, concat for language models.");
    v("chat", self.chat, one_of({"auto", "raw", "chatml", "trained"}), "How a text prompt is wrapped; auto: ChatML where the tokenizer has its tokens, else raw.");
    v("compat", self.compat, one_of({"paper", "repo"}), "Numbers in text prompts: as the paper says, or as its published code writes them.");
    v("dtype", self.dtype, one_of({"auto", "float32", "bfloat16"}), "Number type of the model's products; auto: bfloat16 where the processor has it.");
    v("engine", self.engine, one_of({"auto", "fused", "reference"}), "fused, or the slow reference on libtorch, for checking.");
    v("encoding", self.encoding, any_value(), "Character encoding of the tables, such as latin1; auto: UTF-8, or UTF-16 by its mark.");
    v("delimiter", self.delimiter, any_value(), "Delimiter of CSV tables: one character, or tab; auto finds it.");
  }
};

inline constexpr int32_t kUnscored = -1;  // truth of a query whose label is missing
inline constexpr int32_t kUnseen = -2;    // its label does not occur in the training table

// A batch of queries as one method predicted it.
struct PredictedBatch {
  const std::string& method;
  std::span<const double> probabilities;  // [Q, K]
  std::span<const int32_t> truth;         // [Q] class index, kUnscored or kUnseen
};
// Called for each batch when the test table has the target: for the chosen model, then for the references majority and knn.
using BatchObserver = std::function<void(const PredictedBatch&)>;

struct PredictReport {
  std::vector<std::string> classes;
  uint64_t train_rows = 0;    // rows of the training table
  uint64_t labelled_rows = 0; // rows used
  uint64_t queries = 0;
  bool has_truth = false;
  double read_s = 0, fit_s = 0, predict_s = 0;
};

// Throws Error before anything is written; the output appears only when complete.
PredictReport predict_file(const PredictOptions& options, const BatchObserver& observe);

}  // namespace manyshot
