#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/text.h"
#include "evaluate/report/sections.h"

namespace manyshot::report {
namespace {

std::set<uint64_t> shots_of(const Summary& summary) {
  std::set<uint64_t> shots;
  for (const NumberAverageSummary& average : summary.number_averages) shots.insert(average.shots);
  return shots;
}

TextTable average_table(const Summary& summary, uint64_t shots) {
  TextTable table{.title = fmt::format("Means over the tables at {} shots", shots),
                  .columns = {"model", "tables", "R2", "relative RMSE", "relative MAE", "relative CRPS", "90 % holds",
                              "50 % holds", "lowest CRPS"}};
  for (const NumberAverageSummary& average : summary.number_averages) {
    if (average.shots != shots || average.tables == 0) continue;
    std::vector<TextCell> row{
        {summary.models[average.model].name},
        {std::to_string(average.tables), average.failed_units > 0 ? counted(average.failed_units, "failed unit") : ""}};
    for (const auto& [name, member] : kNumberAverages) row.push_back({value_text(average.*member)});
    row.push_back({std::to_string(average.wins)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Differences from the baseline at one number of shots; without rows where no other model has any.
TextTable difference_table(const Summary& summary, uint64_t shots) {
  TextTable table{
      .title = fmt::format("Against {} at {} shots, with 95 % intervals", summary.run.baseline, shots),
      .columns = {"model", "R2", "better / equal / worse", "relative RMSE", "relative MAE", "relative CRPS"}};
  for (const NumberAverageSummary& average : summary.number_averages) {
    if (average.shots != shots || summary.models[average.model].name == summary.run.baseline) continue;
    std::vector<TextCell> row{{summary.models[average.model].name}};
    for (size_t i = 0; i < kComparedNumbers.size(); ++i) {
      const NumberDifference& difference = average.against_baseline[i];
      row.push_back({signed_text(difference.difference), interval_text(difference.interval, signed_text)});
      if (i == 0) row.push_back({fmt::format("{} / {} / {}", difference.better, difference.equal, difference.worse)});
    }
    if (!std::isnan(average.against_baseline.front().difference)) table.rows.push_back(std::move(row));
  }
  return table;
}

// R2 by table and model, of the mean over the seeds.
TextTable tables_table(const Summary& summary, uint64_t shots) {
  std::map<std::pair<size_t, size_t>, std::pair<double, double>> sums;  // by table and model: R2 and seeds
  std::set<size_t> models;
  for (const NumberUnitSummary& unit : summary.number_units) {
    if (unit.shots != shots || !unit.error.empty()) continue;
    auto& [sum, seeds] = sums[{unit.table, unit.model}];
    sum += unit.metrics.r2;
    ++seeds;
    models.insert(unit.model);
  }
  TextTable table{.title = fmt::format("R2 by table at {} shots", shots), .columns = {"table"}};
  for (const size_t model : models) table.columns.push_back(summary.models[model].name);
  for (size_t place = 0; place < summary.number_tables.size(); ++place) {
    std::vector<TextCell> row{{summary.number_tables[place].name}};
    for (const size_t model : models) {
      const auto found = sums.find({place, model});
      row.push_back({found == sums.end() ? "–" : value_text(found->second.first / found->second.second)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

Section numbers_section(const SummaryIndex& index) {
  const Summary& summary = index.summary();
  Section section{.title = "Numbers"};
  if (summary.number_tables.empty()) return section;
  section.blocks.emplace_back(Paragraph{fmt::format(
      "{} to predict. R2 of a table counts as at least -1. The errors are relative: RMSE to the deviation of the "
      "test rows, MAE and CRPS to what the labelled rows' numbers alone say, their median and all of them. Intervals "
      "are "
      "right where they hold 0.9 and 0.5 of the rows.",
      summary.number_tables.size() == 1 ? "1 table has a number"
                                        : fmt::format("{} tables have a number", summary.number_tables.size()))});
  const std::set<uint64_t> shots = shots_of(summary);
  for (const uint64_t count : shots) {
    section.blocks.emplace_back(average_table(summary, count));
    TextTable differences = difference_table(summary, count);
    if (!differences.rows.empty()) section.blocks.emplace_back(std::move(differences));
  }
  Fold tables{.title = "table by table"};
  for (const uint64_t count : shots) tables.blocks.emplace_back(tables_table(summary, count));
  section.blocks.emplace_back(std::move(tables));
  return section;
}

}  // namespace manyshot::report
