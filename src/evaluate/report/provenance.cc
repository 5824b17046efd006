#include <fmt/format.h>

#include "core/text.h"
#include "evaluate/report/sections.h"

namespace manyshot::report {
namespace {

std::string list_of(const std::vector<uint64_t>& numbers) { return fmt::format("{}", fmt::join(numbers, ", ")); }

}  // namespace

Section provenance_section(const SummaryIndex& index) {
  const RunFacts& run = index.summary().run;
  Section section{.title = "Where the numbers come from"};
  section.blocks.emplace_back(facts_table("The run", {{"program", "manyshot " + run.version},
                                                      {"first and last unit", run.started + " to " + run.finished},
                                                      {"processor", run.processor},
                                                      {"threads", std::to_string(run.num_threads)},
                                                      {"protocol", run.protocol},
                                                      {"shots", list_of(run.shots)},
                                                      {"row seeds", list_of(run.seeds)},
                                                      {"baseline", run.baseline},
                                                      {"forest", run.forest}}));
  Facts options;
  for (const auto& [name, value] : run.options.items()) options.emplace_back(name, plain_text(value));
  section.blocks.emplace_back(Fold{"options", {facts_table("", options)}});
  TextTable models{.columns = {"model", "weights"}, .text_columns = 2};
  for (const ModelSummary& model : index.summary().models)
    models.rows.push_back(
        {{model.name}, {model.path.empty() ? "none: fitted to the labelled rows, or remote" : model.path}});
  section.blocks.emplace_back(Fold{"models", {std::move(models)}});
  TextTable tables{.columns = {"table", "SHA-256 of the file", "rows"}, .text_columns = 2};
  for (const TableSummary& table : index.summary().tables)
    tables.rows.push_back({{table.name}, {table.hash}, {with_thousands(table.rows)}});
  section.blocks.emplace_back(Fold{"tables", {std::move(tables)}});
  return section;
}

}  // namespace manyshot::report
