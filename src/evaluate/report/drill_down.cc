#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "evaluate/report/sections.h"
#include "evaluate/report/shot_curves.h"
#include "report/figure.h"
#include "report/html.h"

namespace manyshot::report {
namespace {

constexpr size_t kMostPromptBytes = 20'000;

std::string facts_of(const TableSummary& table) {
  std::vector<std::string> classes;
  for (size_t k = 0; k < table.classes.size(); ++k)
    classes.push_back(fmt::format("\"{}\" {}", table.classes[k], with_thousands(table.class_rows[k])));
  return fmt::format(
      "Target \"{}\" with {} classes: {} rows. {} rows have a label, {} of them for training; {} test rows are asked "
      "for. {} feature columns, {} of text; {} missing cells. File {}, SHA-256 {}.",
      table.target, table.classes.size(), fmt::join(classes, ", "), with_thousands(table.rows),
      with_thousands(table.train_rows), with_thousands(table.queries), table.features, table.text_columns,
      with_thousands(table.missing_cells), table.path, table.hash);
}

// Student's interval of two seeds is 18 times as wide as their distance: it hides everything else.
bool has_whiskers(const SummaryIndex& index) { return index.summary().run.seeds.size() >= 3; }

ChartView curve_view(const SummaryIndex& index, size_t table, Metric metric) {
  const bool has_interval = metric == Metric::kAccuracy;
  Json y_axis = axis(title_of(metric));
  // Intervals of few seeds reach far beyond what an accuracy can be.
  if (has_interval) y_axis["autorangeoptions"] = {{"clipmin", 0}, {"clipmax", 1}};
  const auto point = [&](size_t model, uint64_t shots) {
    CurvePoint result{.value = index.cell_metric(model, table, shots, metric)};
    if (const CellSummary* cell = index.cell(model, table, shots); cell != nullptr && has_interval)
      result.interval = cell->accuracy_interval;
    return result;
  };
  return shot_curves_view(index, {.title = title_of(metric),
                                  .point = point,
                                  .y_axis = y_axis,
                                  .has_whiskers = has_interval && has_whiskers(index),
                                  .height = 380});
}

Chart table_curves(const SummaryIndex& index, size_t table) {
  Chart chart{.title = "",
              .description = has_whiskers(index)
                                 ? "By number of labelled rows; whiskers are 95 % intervals over the row seeds."
                                 : "By number of labelled rows.",
              .choices = {table_metric_choice()}};
  for (const Metric metric : kTableMetrics) chart.views.push_back(curve_view(index, table, metric));
  return chart;
}

std::string shortened(const std::string& text) {
  if (text.size() <= kMostPromptBytes) return text;
  return fmt::format("{}\n… ({} of {} bytes)", valid_utf8(std::string_view(text).substr(0, kMostPromptBytes)),
                     kMostPromptBytes, text.size());
}

std::vector<Block> example_blocks(const SummaryIndex& index, const ExamplePrompt& example) {
  TextTable answers{
      .title = "Answers", .columns = {"model", "answer", "probability of each query's true class"}, .text_columns = 3};
  answers.rows.push_back({{"the truth"}, {example.truth}, {""}});
  for (const ExampleAnswer& answer : example.answers) {
    std::vector<std::string> probabilities;
    for (const double probability : answer.truth_probabilities) probabilities.push_back(value_text(probability));
    answers.rows.push_back(
        {{index.model_name(answer.model)}, {answer.text}, {fmt::format("{}", fmt::join(probabilities, ", "))}});
  }
  return {Listing{fmt::format("Prompt of the published text form, {} shots, seed {} (rows {} of the file)",
                              example.shots, example.seed, fmt::join(example.rows, ", ")),
                  shortened(example.prompt)},
          std::move(answers)};
}

}  // namespace

Section drill_down_section(const SummaryIndex& index) {
  Section section{.title = "Each table", .page_only = true};
  const Summary& summary = index.summary();
  for (size_t table = 0; table < index.num_tables(); ++table) {
    Fold fold{.title = summary.tables[table].name};
    fold.blocks.emplace_back(Paragraph{facts_of(summary.tables[table])});
    fold.blocks.emplace_back(table_curves(index, table));
    for (const ExamplePrompt& example : summary.examples) {
      if (example.table == table)
        fold.blocks.emplace_back(Fold{"an example prompt and the answers", example_blocks(index, example)});
    }
    section.blocks.emplace_back(std::move(fold));
  }
  return section;
}

}  // namespace manyshot::report
