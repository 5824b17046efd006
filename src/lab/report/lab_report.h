// The page of the laboratory: what each condition made of each split, what it cost, and why.
#pragma once

#include <string>

#include "lab/report/lab_summary.h"
#include "report/document.h"

namespace manyshot::lab {

report::Document lab_document(const LabSummary& summary);

// Writes report.html, report.md, report.csv (a row for each data set, condition and split) and summary.json into
// `folder`, each complete or not at all. The same summary gives the same bytes.
void write_lab_report(const LabSummary& summary, const std::string& folder);

// Accuracy by condition and split, with chance: lines for a terminal.
std::string accuracy_text(const TaskSummary& task);

// Costs by way, and what they say: for a terminal and for lab cost.
std::string cost_text(const CostTable& costs);
report::Section cost_section(const std::vector<CostTable>& costs, double questions);

}  // namespace manyshot::lab
