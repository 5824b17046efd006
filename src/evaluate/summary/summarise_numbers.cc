#include "evaluate/summary/summarise_numbers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace manyshot {
namespace {

constexpr double kLeastR2 = -1;

// Of one model, table and shots, over its seeds.
struct Cell {
  double seeds = 0, crps = 0;
  NumberAverageSummary sums;
};
using Cells = std::map<std::tuple<size_t, uint64_t, size_t>, Cell>;  // model, shots, table

Cells cells_of(const Summary& summary) {
  Cells cells;
  for (const NumberUnitSummary& unit : summary.number_units) {
    if (!unit.error.empty()) continue;
    Cell& cell = cells[{unit.model, unit.shots, unit.table}];
    const double r2 = std::max(unit.metrics.r2, kLeastR2);
    const NumberAverageSummary each{.r2 = r2,
                                    .relative_rmse = std::sqrt(1 - unit.metrics.r2),
                                    .relative_mae = unit.metrics.relative_mae,
                                    .relative_crps = unit.metrics.relative_crps,
                                    .coverage_90 = unit.metrics.coverage_90,
                                    .coverage_50 = unit.metrics.coverage_50};
    for (const auto& [name, member] : kNumberAverages)
      cell.sums.*member = (cell.seeds == 0 ? 0 : cell.sums.*member) + each.*member;
    cell.crps += unit.metrics.crps;
    ++cell.seeds;
  }
  return cells;
}

}  // namespace

void summarise_numbers(Summary& summary) {
  const Cells cells = cells_of(summary);
  std::map<std::pair<uint64_t, size_t>, double> least_crps;  // by shots and table
  for (const auto& [key, cell] : cells) {
    const auto& [model, shots, table] = key;
    const auto found = least_crps.try_emplace({shots, table}, cell.crps / cell.seeds).first;
    found->second = std::min(found->second, cell.crps / cell.seeds);
  }
  std::map<std::pair<size_t, uint64_t>, NumberAverageSummary> averages;  // by model and shots
  for (const NumberUnitSummary& unit : summary.number_units) {
    NumberAverageSummary& average = averages[{unit.model, unit.shots}];
    average.model = unit.model;
    average.shots = unit.shots;
    average.failed_units += unit.error.empty() ? 0 : 1;
  }
  for (const auto& [key, cell] : cells) {
    const auto& [model, shots, table] = key;
    NumberAverageSummary& average = averages[{model, shots}];
    for (const auto& [name, member] : kNumberAverages)
      average.*member = (average.tables == 0 ? 0 : average.*member) + cell.sums.*member / cell.seeds;
    ++average.tables;
    average.wins += cell.crps / cell.seeds <= least_crps.at({shots, table}) ? 1 : 0;
  }
  for (auto& [key, average] : averages) {
    for (const auto& [name, member] : kNumberAverages) average.*member /= static_cast<double>(average.tables);
    summary.number_averages.push_back(average);
  }
}

}  // namespace manyshot
