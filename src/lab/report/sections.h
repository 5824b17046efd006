// The sections of the laboratory's page. Each is empty (no blocks) when the summary has nothing for it.
#pragma once

#include "lab/report/lab_summary.h"
#include "report/document.h"

namespace manyshot::lab {

report::Section headline_section(const LabSummary& summary);      // the answer in sentences and a table
report::Section accuracy_section(const LabSummary& summary);      // by split and condition, with chance and intervals
report::Section causes_section(const LabSummary& summary);        // by what a question's answer depends on
report::Section curves_section(const LabSummary& summary);        // accuracy while training goes on
report::Section costs_section(const LabSummary& summary);         // what each way costs, and where they cross
report::Section augmentation_section(const LabSummary& summary);  // what augmented texts are worth, with samples
report::Section ledger_section(const LabSummary& summary);        // what each condition saw
report::Section ability_section(const LabSummary& summary);       // what training cost elsewhere
report::Section provenance_section(const LabSummary& summary);    // where the numbers come from

}  // namespace manyshot::lab
