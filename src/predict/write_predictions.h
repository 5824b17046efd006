// The table of predictions: which labels, beside which columns of the input, in which format.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"
#include "predict/choose_labels.h"
#include "predict/distribution.h"
#include "predict/points.h"
#include "table/table_writer.h"

namespace manyshot {

struct OutputOptions {
  std::string out;
  std::string* text = nullptr;  // of no user: where the table goes in place of `out`; it outlives the writer
  std::optional<TableFormat> out_format;
  bool utf8_mark = false;
  std::vector<std::string> keep;
  LabelMetric metric = LabelMetric::kAccuracy;
  Point point = Point::kMean;
  std::string report;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Output");
    v("out", self.out, any_value(),
      "File of the predictions: CSV, or by its extension .tsv, .parquet or JSON lines (.jsonl, .ndjson, .json); "
      "without "
      "it standard output.");
    v("out_format", self.out_format, any_value().unset_as("auto"), "Format of --out; auto: by its extension.");
    v("utf8_mark", self.utf8_mark, any_value(),
      "Begin CSV and TSV with the UTF-8 byte order mark, by which Excel knows the encoding.");
    v("keep", self.keep, any_value(),
      "Columns of the test table to write beside the predictions, as it spells them: names; all; or ids, those that "
      "the "
      "model is not shown.");
    v("metric", self.metric, any_value(),
      "What the labels shall be good at: each row's likeliest class, or labels that do rare classes justice "
      "(docs/formats/predictions.md). Probabilities stay as they are.");
    v("point", self.point, any_value(),
      "Of a number: predict the mean of what it may be, which is best for squared errors, or the median, best for "
      "absolute ones.");
    v("report", self.report, any_value(),
      "Write a page about the predictions: how sure they are, the least sure rows, and, when the test table has "
      "labels, "
      "scores, confusion matrix and calibration.");
  }
  // Throws OptionError for a path whose extension is refused.
  TableFormat format() const { return out_format ? *out_format : table_format_of(out); }
};

struct PredictionBatch {
  std::vector<uint64_t> rows;                  // [Q] of the table, from 0
  std::vector<double> probabilities;           // [Q, K]
  std::vector<int32_t> truth;                  // [Q] as QueryReader has it, or empty
  std::vector<std::vector<std::string>> kept;  // [kept columns][Q]
};

class PredictionWriter {
 public:
  // Called with each batch and its labels [Q], in the order of the rows, as they are written.
  using Observer = std::function<void(const PredictionBatch& batch, std::span<const int32_t> labels)>;

  // Columns: row, the kept ones, prediction, p_CLASS for each class. A kept column whose name is one of the others' is
  // called NAME_input. `class_counts` [K]: labelled rows of each class. Throws OptionError for an output that cannot be
  // what it is asked to be.
  PredictionWriter(const OutputOptions& options, std::vector<std::string> classes, std::vector<uint32_t> class_counts,
                   const std::vector<std::string>& kept_columns, Observer observe);

  // Metrics that look at all rows keep the batches in memory until finish().
  void append(PredictionBatch batch);
  void finish();
  void commit() { writer_->commit(); }

 private:
  void write(const PredictionBatch& batch, std::span<const int32_t> labels);

  LabelMetric metric_;
  std::vector<std::string> classes_;
  std::vector<uint32_t> class_counts_;
  Observer observe_;
  std::unique_ptr<TableWriter> writer_;
  std::vector<PredictionBatch> waiting_;
};

class NumberWriter {
 public:
  // Columns: row, the kept ones, prediction, and a quantile each. As PredictionWriter otherwise.
  NumberWriter(const OutputOptions& options, const std::vector<std::string>& kept_columns);

  // rows [Q]; kept [kept columns][Q].
  void append(std::span<const uint64_t> rows, const Distributions& distributions, std::span<const double> points,
              std::span<const std::vector<std::string>> kept);
  void commit() { writer_->commit(); }

 private:
  std::unique_ptr<TableWriter> writer_;
};

}  // namespace manyshot
