// The sections of an evaluation's report. Each is empty (no blocks) when the summary has nothing for it.
#pragma once

#include "evaluate/report/summary_index.h"
#include "report/document.h"

namespace manyshot::report {

Section headline_section(const SummaryIndex& index);     // what was measured; means, intervals, ranks, wins
Section curves_section(const SummaryIndex& index);       // metrics, ranks and times by shots; collapses
Section per_table_section(const SummaryIndex& index);    // heat map, against the forest, distributions
Section reliability_section(const SummaryIndex& index);  // confidence against accuracy, before and after calibration
Section numbers_section(const SummaryIndex& index);      // tables whose target is a number
Section answers_section(const SummaryIndex& index);      // how written answers were read
Section published_section(const SummaryIndex& index);    // quoted beside measured
Section drill_down_section(const SummaryIndex& index);   // table by table, with an example
Section failures_section(const SummaryIndex& index);     // units without a result, tables left out, notes
Section provenance_section(const SummaryIndex& index);   // where the numbers come from

}  // namespace manyshot::report
