#include "lab/report/lab_report.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/files.h"
#include "core/text.h"
#include "evaluate/report/summary_index.h"
#include "lab/report/sections.h"

namespace manyshot::lab {
namespace {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_text(const LabSummary& summary) {
  std::string text =
      "data,condition,split,seeds,questions,chance,accuracy_sum,low,high,accuracy_mean,accuracy_prior,support,"
      "gold_targets,target_wins,target_share\n";
  for (const TaskSummary& task : summary.tasks) {
    for (const ConditionSummary& condition : task.conditions) {
      for (const SplitAccuracy& split : condition.splits) {
        text += fmt::format("{},{},{},{},{},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g}\n",
                            csv_cell(task.name), csv_cell(condition.name), csv_cell(split.split),
                            condition.units.size(), split.questions, split.chance, split.accuracy[0],
                            split.interval[0].low, split.interval[0].high, split.accuracy[1], split.accuracy[2],
                            split.support, split.gold_targets, split.target_wins, split.target_share);
      }
    }
  }
  return text;
}

}  // namespace

report::Document lab_document(const LabSummary& summary) {
  report::Document document{.title = "Fine-tune or prompt?", .sections = {}};
  for (report::Section section : {headline_section(summary), accuracy_section(summary), causes_section(summary),
                                  curves_section(summary), costs_section(summary), augmentation_section(summary),
                                  ledger_section(summary), ability_section(summary), provenance_section(summary)}) {
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  }
  return document;
}

void write_lab_report(const LabSummary& summary, const std::string& folder) {
  const std::filesystem::path path(folder);
  const report::Document document = lab_document(summary);
  write_file((path / "report.html").string(), html_document(document));
  write_file((path / "report.md").string(), markdown_document(document));
  write_file((path / "report.csv").string(), csv_text(summary));
  write_file((path / "summary.json").string(), to_json(summary).dump(1) + "\n");
}

std::string accuracy_text(const TaskSummary& task) {
  size_t width = 10;
  for (const ConditionSummary& condition : task.conditions) width = std::max(width, condition.name.size());
  std::string text = fmt::format("{:<{}}", task.name, width);
  for (const std::string& split : task.splits) text += fmt::format("  {:>12}", split);
  for (const ConditionSummary& condition : task.conditions) {
    text += fmt::format("\n{:<{}}", condition.name, width);
    for (const std::string& name : task.splits) {
      const SplitAccuracy* split = condition.split(name);
      text += fmt::format("  {:>12}", split == nullptr ? "-" : fmt::format("{:.3f}", split->accuracy[0]));
    }
  }
  text += fmt::format("\n{:<{}}", "chance", width);
  for (const std::string& name : task.splits) {
    const SplitAccuracy* split = task.conditions.empty() ? nullptr : task.conditions.front().split(name);
    text += fmt::format("  {:>12}", split == nullptr ? "-" : fmt::format("{:.3f}", split->chance));
  }
  for (const std::string& warning : task.warnings) text += "\nnote: " + warning;
  return text;
}

}  // namespace manyshot::lab
