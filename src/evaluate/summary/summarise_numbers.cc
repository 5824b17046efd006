#include "evaluate/summary/summarise_numbers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "evaluate/summary/statistics.h"

namespace manyshot {
namespace {

constexpr double kLeastR2 = -1;

// Of one model and shots, by table.
using Units = std::map<size_t, std::vector<const NumberUnitSummary*>>;
using Means = std::map<size_t, NumberAverageSummary>;

double mean_crps(const std::vector<const NumberUnitSummary*>& units) {
  std::vector<double> values;
  for (const NumberUnitSummary* unit : units) values.push_back(unit->metrics.crps);
  return average_of(values);
}

NumberDifference difference_of(const Means& own, const Means& baseline, double NumberAverageSummary::*member,
                               Bootstrap& bootstrap) {
  NumberDifference result;
  std::vector<double> differences;
  for (const auto& [table, mean] : own) {
    const auto other = baseline.find(table);
    if (other == baseline.end()) continue;
    const double difference = mean.*member - other->second.*member;
    if (std::isnan(difference)) continue;
    differences.push_back(difference);
    const double gain = member == &NumberAverageSummary::r2 ? difference : -difference;
    ++(gain > 0 ? result.better : gain < 0 ? result.worse : result.equal);
  }
  result.difference = average_of(differences);
  result.interval = bootstrap.interval(differences);
  return result;
}

}  // namespace

NumberAverageSummary mean_over_seeds(std::span<const NumberUnitSummary* const> units) {
  NumberAverageSummary mean{.model = units.front()->model, .shots = units.front()->shots};
  for (const auto& [name, member] : kNumberAverages) mean.*member = 0;
  const auto count = static_cast<double>(units.size());
  for (const NumberUnitSummary* unit : units) {
    const NumberUnitMetrics& metrics = unit->metrics;
    mean.r2 += std::max(metrics.r2, kLeastR2) / count;
    mean.relative_rmse += std::sqrt(1 - metrics.r2) / count;
    mean.relative_mae += metrics.relative_mae / count;
    mean.relative_crps += metrics.relative_crps / count;
    mean.coverage_90 += metrics.coverage_90 / count;
    mean.coverage_50 += metrics.coverage_50 / count;
  }
  return mean;
}

void summarise_numbers(Summary& summary) {
  std::map<std::pair<size_t, uint64_t>, Units> units;  // by model and shots
  std::map<std::pair<size_t, uint64_t>, uint64_t> failed;
  for (const NumberUnitSummary& unit : summary.number_units) {
    Units& of_model = units[{unit.model, unit.shots}];
    if (unit.error.empty()) {
      of_model[unit.table].push_back(&unit);
    } else {
      ++failed[{unit.model, unit.shots}];
    }
  }
  std::map<std::pair<size_t, uint64_t>, Means> means;
  std::map<std::pair<uint64_t, size_t>, double> least_crps;  // by shots and table
  for (const auto& [key, of_model] : units) {
    for (const auto& [table, of_table] : of_model) {
      means[key].emplace(table, mean_over_seeds(of_table));
      const double crps = mean_crps(of_table);
      const auto found = least_crps.try_emplace({key.second, table}, crps).first;
      found->second = std::min(found->second, crps);
    }
  }
  const auto named = std::ranges::find(summary.models, summary.run.baseline, &ModelSummary::name);
  Bootstrap bootstrap;
  for (const auto& [key, of_model] : units) {
    const auto& [model, shots] = key;
    NumberAverageSummary average{
        .model = model, .shots = shots, .tables = of_model.size(), .failed_units = failed[key]};
    const Means& own = means[key];
    for (const auto& [name, member] : kNumberAverages) {
      std::vector<double> values;
      for (const auto& [table, mean] : own) values.push_back(mean.*member);
      average.*member = average_of(values);
    }
    for (const auto& [table, of_table] : of_model)
      average.wins += mean_crps(of_table) <= least_crps.at({shots, table}) ? 1 : 0;
    if (!summary.run.baseline.empty() && named != summary.models.end()) {
      const auto baseline = means.find({static_cast<size_t>(named - summary.models.begin()), shots});
      for (size_t i = 0; baseline != means.end() && i < kComparedNumbers.size(); ++i)
        average.against_baseline[i] = difference_of(own, baseline->second, kComparedNumbers[i].second, bootstrap);
    }
    summary.number_averages.push_back(average);
  }
}

}  // namespace manyshot
