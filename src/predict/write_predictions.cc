#include "predict/write_predictions.h"

#include <algorithm>
#include <utility>

namespace manyshot {
namespace {

constexpr int kNumberDigits = 9;  // a time in seconds or a price in the millions keeps its units

// The first of our columns, the kept ones, the rest of ours.
std::vector<std::string> column_names(const std::vector<std::string>& ours, const std::vector<std::string>& kept) {
  std::vector<std::string> names{ours.front()};
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::find(ours, name) != ours.end() || std::ranges::find(names, name) != names.end();
  };
  for (std::string name : kept) {
    while (is_taken(name)) name += "_input";
    names.push_back(std::move(name));
  }
  names.insert(names.end(), ours.begin() + 1, ours.end());
  return names;
}

std::vector<std::string> class_columns(const std::vector<std::string>& classes) {
  std::vector<std::string> names{"row", "prediction"};
  for (const std::string& name : classes) names.push_back("p_" + name);
  return names;
}

std::vector<std::string> number_columns() {
  std::vector<std::string> names{"row", "prediction"};
  names.insert(names.end(), kLevelColumns.begin(), kLevelColumns.end());
  return names;
}

std::unique_ptr<TableWriter> open_writer(const OutputOptions& options, const std::vector<std::string>& names,
                                         int digits) {
  const TableWriterOptions how{.format = options.format(), .utf8_mark = options.utf8_mark, .digits = digits};
  return options.text != nullptr ? open_text_writer(*options.text, names, how)
                                 : open_table_writer(options.out, names, how);
}

}  // namespace

PredictionWriter::PredictionWriter(const OutputOptions& options, std::vector<std::string> classes,
                                   std::vector<uint32_t> class_counts, const std::vector<std::string>& kept_columns,
                                   Observer observe)
    : metric_(options.metric),
      classes_(std::move(classes)),
      class_counts_(std::move(class_counts)),
      observe_(std::move(observe)),
      writer_(open_writer(options, column_names(class_columns(classes_), kept_columns), TableWriterOptions().digits)) {}

void PredictionWriter::append(PredictionBatch batch) {
  if (metric_ == LabelMetric::kF1) {
    waiting_.push_back(std::move(batch));
  } else {
    write(batch, choose_labels(metric_, batch.probabilities, class_counts_));
  }
}

void PredictionWriter::finish() {
  std::vector<double> probabilities;
  for (const PredictionBatch& batch : waiting_)
    probabilities.insert(probabilities.end(), batch.probabilities.begin(), batch.probabilities.end());
  const std::vector<int32_t> labels = choose_labels(metric_, probabilities, class_counts_);
  size_t begin = 0;
  for (const PredictionBatch& batch : waiting_) {
    const size_t num_rows = batch.probabilities.size() / classes_.size();
    write(batch, std::span(labels).subspan(begin, num_rows));
    begin += num_rows;
  }
  waiting_.clear();
}

void PredictionWriter::write(const PredictionBatch& batch, std::span<const int32_t> labels) {
  const size_t num_classes = classes_.size();
  std::vector<int64_t> rows(labels.size());
  std::vector<std::string> predictions(labels.size());
  std::vector<std::vector<double>> columns(num_classes, std::vector<double>(labels.size()));
  for (size_t row = 0; row < labels.size(); ++row) {
    rows[row] = static_cast<int64_t>(batch.rows[row]);
    predictions[row] = classes_[static_cast<size_t>(labels[row])];
    for (size_t k = 0; k < num_classes; ++k) columns[k][row] = batch.probabilities[row * num_classes + k];
  }
  std::vector<OutputColumn> output{std::move(rows)};
  output.insert(output.end(), batch.kept.begin(), batch.kept.end());
  output.emplace_back(std::move(predictions));
  for (auto& column : columns) output.emplace_back(std::move(column));
  writer_->append(output);
  observe_(batch, labels);
}

NumberWriter::NumberWriter(const OutputOptions& options, const std::vector<std::string>& kept_columns)
    : writer_(open_writer(options, column_names(number_columns(), kept_columns), kNumberDigits)) {}

void NumberWriter::append(std::span<const uint64_t> rows, const Distributions& distributions,
                          std::span<const double> points, std::span<const std::vector<std::string>> kept) {
  std::vector<OutputColumn> output{std::vector<int64_t>(rows.begin(), rows.end())};
  output.insert(output.end(), kept.begin(), kept.end());
  output.emplace_back(std::vector<double>(points.begin(), points.end()));
  for (const double level : kWrittenLevels) output.emplace_back(quantiles_of(distributions, level));
  writer_->append(output);
}

}  // namespace manyshot
