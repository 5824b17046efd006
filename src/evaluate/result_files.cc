#include "evaluate/result_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "evaluate/summary/answer_fields.h"
#include "evaluate/summary/harness_file.h"
#include "evaluate/summary/summary_json.h"
#include "predict/write_predictions.h"
#include "table/table_writer.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

std::string dump(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// Columns of one kind each, filled row by row.
class ColumnFile {
 public:
  ColumnFile(const std::string& path, const std::vector<std::string>& names)
      : writer_(open_table_writer(path, names)) {}

  ColumnFile& add(const std::string& text) { return put(text); }
  ColumnFile& add(double number) { return put(number); }
  ColumnFile& add(uint64_t number) { return put(static_cast<int64_t>(number)); }
  void end_row() { place_ = 0; }

  void commit() {
    if (!columns_.empty()) writer_->append(columns_);
    writer_->commit();
  }

 private:
  template <class T>
  ColumnFile& put(T value) {
    if (place_ == columns_.size()) columns_.emplace_back(std::vector<T>());
    std::get<std::vector<T>>(columns_[place_++]).push_back(std::move(value));
    return *this;
  }

  std::unique_ptr<TableWriter> writer_;
  std::vector<OutputColumn> columns_;
  size_t place_ = 0;
};

void write_results_csv(const Summary& summary, const std::string& path) {
  std::vector<std::string> names{"model", "table", "shots", "seed", "queries"};
  for (const Metric metric : kMetrics) names.emplace_back(name_of(metric));
  names.insert(names.end(), {"fit_s", "predict_s", "contexts", "one_class_contexts"});
  for (const auto& [name, member] : kAnswerCounts) names.push_back(name);
  names.insert(names.end(), {"cost", "error"});
  ColumnFile file(path, names);
  for (const UnitSummary& unit : summary.units) {
    file.add(summary.models[unit.model].name).add(summary.tables[unit.table].name).add(unit.shots).add(unit.seed);
    file.add(unit.metrics.rows);
    for (const Metric metric : kMetrics) file.add(unit.error.empty() ? unit.metrics[metric] : kNotAvailable);
    file.add(unit.fit_s).add(unit.predict_s).add(unit.contexts).add(unit.one_class_contexts);
    for (const auto& [name, member] : kAnswerCounts) file.add(unit.answers.*member);
    file.add(unit.answers.cost).add(unit.error).end_row();
  }
  file.commit();
}

// 1 - AUC for two classes, log loss for more, as TabArena scores them.
void write_results_per_split(const Summary& summary, const std::string& path) {
  ColumnFile file(path, {"dataset", "split", "method", "shots", "problem_type", "metric", "metric_error",
                         "time_train_s", "time_infer_s"});
  std::set<std::pair<size_t, uint64_t>> with_result;  // models and shots
  for (const AverageSummary& average : summary.averages) {
    if (average.tables > 0) with_result.insert({average.model, average.shots});
  }
  for (const UnitSummary& unit : summary.units) {
    if (!unit.error.empty() || !with_result.contains({unit.model, unit.shots})) continue;
    const bool binary = summary.tables[unit.table].classes.size() == 2;
    file.add(summary.tables[unit.table].name).add(unit.seed);
    file.add(fmt::format("{} ({} shots)", summary.models[unit.model].name, unit.shots)).add(unit.shots);
    file.add(std::string(binary ? "binary" : "multiclass")).add(std::string(binary ? "roc_auc" : "log_loss"));
    file.add(binary ? 1 - unit.metrics.auc : unit.metrics.log_loss).add(unit.fit_s).add(unit.predict_s).end_row();
  }
  file.commit();
}

void write_predictions(Evaluation& evaluation, const std::string& path) {
  const auto writer =
      open_table_writer(path, {"model", "table", "shots", "seed", "row", "truth", "prediction", "probabilities"});
  evaluation.visit_predictions([&](const EvaluationTable& table, const UnitRecord& record) {
    if (table.is_number()) return;
    const size_t num_queries = record.rows.size(), num_classes = table.classes.size();
    std::vector<int64_t> rows;
    std::vector<std::string> truth, predictions;
    std::vector<std::vector<double>> probabilities;
    const std::vector<size_t> predicted = predicted_classes(record.answers, num_classes);
    for (size_t query = 0; query < num_queries; ++query) {
      const auto first = record.answers.begin() + static_cast<ptrdiff_t>(query * num_classes);
      rows.push_back(static_cast<int64_t>(table.file_rows[record.rows[query]]));
      truth.push_back(table.classes[table.labels[record.rows[query]]]);
      predictions.push_back(table.classes[predicted[query]]);
      probabilities.emplace_back(first, first + static_cast<ptrdiff_t>(num_classes));
    }
    const auto shots = static_cast<int64_t>(record.key.shots), seed = static_cast<int64_t>(record.key.seed);
    writer->append({std::vector(num_queries, record.key.model), std::vector(num_queries, record.key.table),
                    std::vector(num_queries, shots), std::vector(num_queries, seed), rows, truth, predictions,
                    probabilities});
  });
  writer->commit();
}

void write_number_results(const Summary& summary, const std::string& path) {
  std::vector<std::string> names{"model", "table", "shots", "seed", "queries"};
  for (const auto& [name, member] : kNumberMetrics) names.emplace_back(name);
  names.insert(names.end(), {"fit_s", "predict_s", "contexts", "error"});
  ColumnFile file(path, names);
  for (const NumberUnitSummary& unit : summary.number_units) {
    file.add(summary.models[unit.model].name).add(summary.number_tables[unit.table].name);
    file.add(unit.shots).add(unit.seed).add(unit.metrics.rows);
    for (const auto& [name, member] : kNumberMetrics)
      file.add(unit.error.empty() ? unit.metrics.*member : kNotAvailable);
    file.add(unit.fit_s).add(unit.predict_s).add(unit.contexts).add(unit.error).end_row();
  }
  file.commit();
}

void write_number_predictions(Evaluation& evaluation, const std::string& path) {
  std::vector<std::string> names{"model", "table", "shots", "seed", "row", "truth", "mean"};
  names.insert(names.end(), kLevelColumns.begin(), kLevelColumns.end());
  const auto writer = open_table_writer(path, names);
  evaluation.visit_predictions([&](const EvaluationTable& table, const UnitRecord& record) {
    if (!table.is_number()) return;
    const size_t num_queries = record.rows.size();
    const Distributions distributions{.values = record.answers};
    std::vector<int64_t> rows;
    std::vector<double> truth;
    for (const uint32_t row : record.rows) {
      rows.push_back(static_cast<int64_t>(table.file_rows[row]));
      truth.push_back(table.numbers[row]);
    }
    const auto shots = static_cast<int64_t>(record.key.shots), seed = static_cast<int64_t>(record.key.seed);
    std::vector<OutputColumn> columns{std::vector(num_queries, record.key.model),
                                      std::vector(num_queries, record.key.table),
                                      std::vector(num_queries, shots),
                                      std::vector(num_queries, seed),
                                      rows,
                                      truth,
                                      points_of(distributions, Point::kMean)};
    for (const double level : kWrittenLevels) columns.emplace_back(quantiles_of(distributions, level));
    writer->append(columns);
  });
  writer->commit();
}

}  // namespace

void write_result_files(Evaluation& evaluation, const Summary& summary, const std::string& folder) {
  const auto path = [&](const std::string& name) { return (fs::path(folder) / name).string(); };
  write_file(path("summary.json"), dump(to_json(summary)));
  if (!summary.tables.empty()) {
    write_results_csv(summary, path("results.csv"));
    write_results_per_split(summary, path("results_per_split.csv"));
    for (size_t model = 0; model < summary.models.size(); ++model) {
      const std::string file = path("harness/" + harness_file_name(summary, model));
      fs::create_directories(fs::path(file).parent_path());
      write_file(file, dump(harness_results(summary, model)));
    }
    write_predictions(evaluation, path("predictions.parquet"));
  }
  if (summary.number_tables.empty()) return;
  write_number_results(summary, path("results_numbers.csv"));
  write_number_predictions(evaluation, path("predictions_numbers.parquet"));
}

}  // namespace manyshot
