#include <fmt/format.h>

#include <map>

#include "evaluate/report/sections.h"

namespace manyshot::report {
namespace {

// How often a model met the same thing, and where first.
class Occurrences {
 public:
  void add(const SummaryIndex& index, const UnitSummary& unit, const std::string& text) {
    auto& [count, first] = found_[{unit.model, text}];
    if (count++ == 0) first = fmt::format("{}, {} shots", index.summary().tables[unit.table].name, unit.shots);
  }

  bool empty() const { return found_.empty(); }

  TextTable table(const SummaryIndex& index, const std::string& title) const {
    TextTable result{.title = title, .columns = {"model", "what", "first on", "units"}, .text_columns = 3};
    for (const auto& [key, value] : found_) {
      result.rows.push_back(
          {{index.model_name(key.first)}, {key.second}, {value.second}, {std::to_string(value.first)}});
    }
    return result;
  }

 private:
  std::map<std::pair<size_t, std::string>, std::pair<uint64_t, std::string>> found_;
};

}  // namespace

Section failures_section(const SummaryIndex& index) {
  Section section{.title = "Failures and what was left out"};
  const Summary& summary = index.summary();
  Occurrences errors, notes;
  for (const UnitSummary& unit : summary.units) {
    if (!unit.error.empty()) errors.add(index, unit, unit.error);
    for (const std::string& note : unit.notes) notes.add(index, unit, note);
  }
  if (errors.empty()) {
    section.blocks.emplace_back(Paragraph{"Every unit that was run has a result."});
  } else {
    section.blocks.emplace_back(errors.table(index, "Units without a result"));
  }
  if (!summary.skipped_tables.empty()) {
    TextTable table{.title = "Tables that could not be used", .columns = {"file", "reason"}, .text_columns = 2};
    for (const SkippedTable& skipped : summary.skipped_tables) table.rows.push_back({{skipped.path}, {skipped.reason}});
    section.blocks.emplace_back(std::move(table));
  }
  if (!summary.short_tables.empty()) {
    std::map<uint64_t, std::vector<std::string>> names;
    for (const ShortTable& table : summary.short_tables) names[table.shots].push_back(summary.tables[table.table].name);
    TextTable table{.title = "Tables with too few training rows", .columns = {"shots", "tables"}, .text_columns = 2};
    for (const auto& [shots, tables] : names)
      table.rows.push_back({{std::to_string(shots)}, {fmt::format("{}", fmt::join(tables, ", "))}});
    section.blocks.emplace_back(std::move(table));
  }
  if (!notes.empty()) {
    section.blocks.emplace_back(Fold{"what models noted while they worked", {notes.table(index, "")}});
  }
  return section;
}

}  // namespace manyshot::report
