#include <fmt/format.h>

#include "evaluate/report/sections.h"

namespace manyshot {

Section published_section(const SummaryIndex& index) {
  Section section{.title = "Beside published numbers"};
  TextTable table{.columns = {"table", "shots", "model", "where from", "comparable", "accuracy"}, .text_columns = 5};
  for (const PublishedComparison& comparison : index.summary().published) {
    const std::string name = comparison.table.empty() ? "mean of the paper's main set" : comparison.table;
    const std::string shots = std::to_string(comparison.shots);
    const std::string comparable =
        comparison.deviations.empty() ? "yes" : fmt::format("no: {}", fmt::join(comparison.deviations, "; "));
    for (const NamedAccuracy& row : comparison.measured)
      table.rows.push_back({{name}, {shots}, {row.name}, {"measured here"}, {comparable}, {value_text(row.accuracy)}});
    for (const NamedAccuracy& row : comparison.quoted)
      table.rows.push_back({{name}, {shots}, {row.name}, {"quoted, " + row.source}, {""}, {value_text(row.accuracy)}});
  }
  if (table.rows.empty()) return section;
  section.blocks.emplace_back(Paragraph{
      "Rows marked \"quoted\" are numbers that arXiv 2509.06806 prints; nobody ran those models here. Rows marked "
      "\"measured here\" are of this run, and comparable when it kept to the paper's protocol and asked all test rows. "
      "Tables are paired by name alone. paper-knn and paper-forest are the paper's kNN and random forest; knn and "
      "forest are not. The mean of the paper's main set is over other tables than ours, so nothing stands beside it."});
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace manyshot
