#include "evaluate/report/report.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/files.h"
#include "evaluate/report/sections.h"
#include "evaluate/summary/summary_json.h"
#include "table/table_writer.h"

namespace manyshot::report {
namespace {

Document report_document(const Summary& summary) {
  const SummaryIndex index(summary);
  Document document{.title = fmt::format("Evaluation: {} on {}", counted(summary.models.size(), "model"),
                                         counted(summary.tables.size() + summary.number_tables.size(), "table"))};
  const auto add = [&](Section section) {
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  };
  if (!summary.tables.empty()) {
    for (const auto section : {headline_section, curves_section, per_table_section, reliability_section})
      add(section(index));
  }
  for (const auto section :
       {numbers_section, answers_section, published_section, failures_section, drill_down_section, provenance_section})
    add(section(index));
  return document;
}

template <class T, class ValueOf>
OutputColumn column_of(const std::vector<CellSummary>& cells, const ValueOf& value_of) {
  std::vector<T> values;
  for (const CellSummary& cell : cells) values.push_back(static_cast<T>(value_of(cell)));
  return values;
}

}  // namespace

std::string report_page(const Summary& summary) { return html_document(report_document(summary)); }

std::string report_markdown(const Summary& summary) { return markdown_document(report_document(summary)); }

void write_report_csv(const Summary& summary, const std::string& path) {
  std::vector<CellSummary> cells;
  for (const CellSummary& cell : summary.cells) {
    if (cell.seeds > 0) cells.push_back(cell);
  }
  std::vector<std::string> names;
  std::vector<OutputColumn> columns;
  const auto add = [&](std::string_view name, OutputColumn column) {
    names.emplace_back(name);
    columns.push_back(std::move(column));
  };
  add("model", column_of<std::string>(cells, [&](const CellSummary& cell) { return summary.models[cell.model].name; }));
  add("table", column_of<std::string>(cells, [&](const CellSummary& cell) { return summary.tables[cell.table].name; }));
  add("shots", column_of<int64_t>(cells, [](const CellSummary& cell) { return cell.shots; }));
  add("seeds", column_of<int64_t>(cells, [](const CellSummary& cell) { return cell.seeds; }));
  add("queries", column_of<int64_t>(cells, [](const CellSummary& cell) { return cell.mean.rows; }));
  for (const Metric metric : kMetrics) {
    add(name_of(metric), column_of<double>(cells, [&](const CellSummary& cell) { return cell.mean[metric]; }));
  }
  add("accuracy_low", column_of<double>(cells, [](const CellSummary& cell) { return cell.accuracy_interval.low; }));
  add("accuracy_high", column_of<double>(cells, [](const CellSummary& cell) { return cell.accuracy_interval.high; }));
  add("difference", column_of<double>(cells, [](const CellSummary& cell) { return cell.difference; }));
  add("difference_low", column_of<double>(cells, [](const CellSummary& cell) { return cell.difference_interval.low; }));
  add("difference_high",
      column_of<double>(cells, [](const CellSummary& cell) { return cell.difference_interval.high; }));
  const auto writer = open_table_writer(path, names);
  writer->append(columns);
  writer->commit();
}

void write_report(const Summary& summary, const std::string& folder) {
  const auto path = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  write_file(path("report.html"), report_page(summary));
  write_file(path("report.md"), report_markdown(summary));
  write_report_csv(summary, path("report.csv"));
}

void rewrite_report(const std::string& folder) {
  write_report(read_summary((std::filesystem::path(folder) / "summary.json").string()), folder);
}

}  // namespace manyshot::report
