#include "evaluate/report/summary_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace manyshot::report {
namespace {

// With a sign, which what is rounded to zero has not.
std::string with_sign(double value, int digits) {
  const std::string text = fmt::format("{:+.{}f}", value, digits);
  return text.find_first_of("123456789") == std::string::npos ? text.substr(1) : text;
}

}  // namespace

SummaryIndex::SummaryIndex(const Summary& summary) : summary_(summary) {
  for (const AverageSummary& average : summary.averages) averages_[{average.model, average.shots}] = &average;
  for (const CellSummary& cell : summary.cells) cells_[{cell.model, cell.table, cell.shots}] = &cell;
  for (size_t place = 0; place < shots().size(); ++place) {
    if (2 * most_tables(shots()[place]) >= num_tables()) main_shots_ = place;
  }
}

std::vector<std::string> SummaryIndex::model_names() const {
  std::vector<std::string> names;
  for (const ModelSummary& model : summary_.models) names.push_back(model.name);
  return names;
}

std::vector<std::string> SummaryIndex::table_names() const {
  std::vector<std::string> names;
  for (const TableSummary& table : summary_.tables) names.push_back(table.name);
  return names;
}

std::optional<size_t> SummaryIndex::find_model(const std::string& name) const {
  for (size_t model = 0; model < num_models(); ++model) {
    if (!name.empty() && model_name(model) == name) return model;
  }
  return std::nullopt;
}

const AverageSummary* SummaryIndex::average(size_t model, uint64_t shots) const {
  const auto place = averages_.find({model, shots});
  return place == averages_.end() || place->second->tables == 0 ? nullptr : place->second;
}

bool SummaryIndex::is_majority_alone(size_t model, uint64_t shots) const {
  const auto place = averages_.find({model, shots});
  return place != averages_.end() && place->second->tables == 0 && place->second->majority_units > 0;
}

const CellSummary* SummaryIndex::cell(size_t model, size_t table, uint64_t shots) const {
  const auto place = cells_.find({model, table, shots});
  return place == cells_.end() || place->second->seeds == 0 ? nullptr : place->second;
}

double SummaryIndex::cell_metric(size_t model, size_t table, uint64_t shots, Metric metric) const {
  const CellSummary* found = cell(model, table, shots);
  return found == nullptr ? kNotAvailable : found->mean[metric];
}

uint64_t SummaryIndex::most_tables(uint64_t shots) const {
  uint64_t most = 0;
  for (size_t model = 0; model < num_models(); ++model) {
    if (const AverageSummary* found = average(model, shots)) most = std::max(most, found->tables);
  }
  return most;
}

std::string title_of(Metric metric) {
  switch (metric) {
    case Metric::kAccuracy:
      return "accuracy";
    case Metric::kBalancedAccuracy:
      return "balanced accuracy";
    case Metric::kMacroF1:
      return "macro F1";
    case Metric::kLogLoss:
      return "log loss";
    case Metric::kAuc:
      return "AUC";
    case Metric::kBrier:
      return "Brier score";
    case Metric::kEce:
      return "ECE";
  }
  return "";
}

Choice shots_choice(const SummaryIndex& index) {
  Choice choice{.label = "shots", .chosen = index.main_shots()};
  for (const uint64_t shots : index.shots()) choice.options.push_back(std::to_string(shots));
  return choice;
}

Choice table_metric_choice() {
  Choice choice{.label = "metric"};
  for (const Metric metric : kTableMetrics) choice.options.emplace_back(title_of(metric));
  return choice;
}

std::string value_text(double value) { return std::isfinite(value) ? fmt::format("{:.3f}", value) : "–"; }

std::string signed_text(double value) { return std::isfinite(value) ? with_sign(value, 3) : "–"; }

std::string rank_text(double rank) { return std::isfinite(rank) ? fmt::format("{:.2f}", rank) : "–"; }

std::string time_text(double seconds) {
  if (!std::isfinite(seconds)) return "–";
  constexpr std::pair<double, const char*> kUnits[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}};
  const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits) - 1,
                                  [seconds](const auto& entry) { return seconds >= entry.first; });
  const double number = seconds / unit->first;
  return fmt::format("{:.{}f} {}", number, number >= 100 ? 0 : number >= 10 ? 1 : 2, unit->second);
}

std::string percent_text(double share) { return std::isfinite(share) ? with_sign(100 * share, 1) + " %" : "–"; }

std::string interval_text(const Interval& interval, const std::function<std::string(double)>& write) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return "";
  return fmt::format("{} to {}", write(interval.low), write(interval.high));
}

std::string with_interval(double value, const Interval& interval, const std::function<std::string(double)>& write) {
  const std::string text = interval_text(interval, write);
  return text.empty() ? write(value) : fmt::format("{} ({})", write(value), text);
}

std::string counted(uint64_t count, const std::string& noun) {
  return fmt::format("{} {}{}", with_thousands(static_cast<long long>(count)), noun, count == 1 ? "" : "s");
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return kNotAvailable;
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

TextTable models_by_shots(const SummaryIndex& index, const std::string& title,
                          const std::function<TextCell(size_t model, uint64_t shots)>& cell) {
  TextTable table{.title = title, .columns = {"model"}};
  for (const uint64_t shots : index.shots()) table.columns.push_back(fmt::format("{} shots", shots));
  for (size_t model = 0; model < index.num_models(); ++model) {
    std::vector<TextCell> row{{index.model_name(model)}};
    for (const uint64_t shots : index.shots()) row.push_back(cell(model, shots));
    table.rows.push_back(std::move(row));
  }
  return table;
}

TextTable tables_by_model(const SummaryIndex& index, const std::string& title,
                          const std::function<TextCell(size_t table, size_t model)>& cell) {
  TextTable result{.title = title, .columns = {"table"}};
  for (const std::string& name : index.model_names()) result.columns.push_back(name);
  for (size_t table = 0; table < index.num_tables(); ++table) {
    std::vector<TextCell> row{{index.summary().tables[table].name}};
    for (size_t model = 0; model < index.num_models(); ++model) row.push_back(cell(table, model));
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace manyshot::report
