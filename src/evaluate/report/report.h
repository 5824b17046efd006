// The report of an evaluation (docs/formats/report.md).
#pragma once

#include <string>

#include "evaluate/summary/summary.h"

namespace manyshot::report {

// Writes report.html, report.md and report.csv into `folder`, each complete or not at all. The same summary gives the
// same bytes.
void write_report(const Summary& summary, const std::string& folder);
// The same from the summary.json in `folder`. Throws what read_summary throws.
void rewrite_report(const std::string& folder);

// A page with charts: one file, no network.
std::string report_page(const Summary& summary);
// Without charts, and without the section on each table.
std::string report_markdown(const Summary& summary);
// A row for each model, table and number of shots with a result.
void write_report_csv(const Summary& summary, const std::string& path);

}  // namespace manyshot::report
