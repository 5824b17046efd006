// An index of a summary's averages and cells by model, table and shots, and the form of its numbers in reports.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "evaluate/summary/summary.h"
#include "report/document.h"

namespace manyshot::report {

class SummaryIndex {
 public:
  explicit SummaryIndex(const Summary& summary);

  const Summary& summary() const { return summary_; }
  size_t num_models() const { return summary_.models.size(); }
  size_t num_tables() const { return summary_.tables.size(); }
  const std::vector<uint64_t>& shots() const { return summary_.run.shots; }
  const std::string& model_name(size_t model) const { return summary_.models[model].name; }
  std::vector<std::string> model_names() const;
  std::vector<std::string> table_names() const;
  // The place of the model of that name; nothing for "" and for names that are not there.
  std::optional<size_t> find_model(const std::string& name) const;

  // The entry with a result; null where there is none.
  const AverageSummary* average(size_t model, uint64_t shots) const;
  // Whether there is none because all its answers there were the labelled rows' majority.
  bool is_majority_alone(size_t model, uint64_t shots) const;
  const CellSummary* cell(size_t model, size_t table, uint64_t shots) const;
  double cell_metric(size_t model, size_t table, uint64_t shots, Metric metric) const;  // NaN where there is none

  // The place in shots() that charts and the headline show first: the most shots that at least half of the tables have.
  size_t main_shots() const { return main_shots_; }
  uint64_t most_tables(uint64_t shots) const;  // of one model

 private:
  const Summary& summary_;
  std::map<std::pair<size_t, uint64_t>, const AverageSummary*> averages_;
  std::map<std::tuple<size_t, size_t, uint64_t>, const CellSummary*> cells_;
  size_t main_shots_ = 0;
};

// A metric by the name that readers know: "balanced accuracy".
std::string title_of(Metric metric);
// The metrics that are shown of single tables.
inline constexpr std::array kTableMetrics{Metric::kAccuracy, Metric::kBalancedAccuracy, Metric::kLogLoss, Metric::kAuc,
                                          Metric::kEce};

Choice shots_choice(const SummaryIndex& index);
Choice table_metric_choice();

// "0.812", "+0.012", "2.25", "+1.2 %", "0.780 to 0.842"; "–" or "" for what does not exist.
std::string value_text(double value);
std::string signed_text(double value);
std::string rank_text(double rank);
std::string time_text(double seconds);  // "1.23 s", "45.6 ms", "7.89 µs"
std::string percent_text(double share);
std::string interval_text(const Interval& interval, const std::function<std::string(double)>& write = value_text);
// "0.812 (0.780 to 0.842)", or the value alone where there is no interval.
std::string with_interval(double value, const Interval& interval,
                          const std::function<std::string(double)>& write = value_text);

// "1 table", "1,200 tables".
std::string counted(uint64_t count, const std::string& noun);

// Linear between the sorted values, 0 <= share <= 1; NaN without values.
double quantile(std::vector<double> values, double share);

// A row for each model, a column for each number of shots.
TextTable models_by_shots(const SummaryIndex& index, const std::string& title,
                          const std::function<TextCell(size_t model, uint64_t shots)>& cell);
// A row for each table, a column for each model.
TextTable tables_by_model(const SummaryIndex& index, const std::string& title,
                          const std::function<TextCell(size_t table, size_t model)>& cell);

}  // namespace manyshot::report
