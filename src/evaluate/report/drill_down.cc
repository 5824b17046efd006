#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "evaluate/report/sections.h"
#include "report/figure.h"
#include "report/html.h"

namespace manyshot {
namespace {

constexpr size_t kMostPromptBytes = 20'000;

std::string facts_of(const TableSummary& table) {
  std::string classes;
  for (size_t k = 0; k < table.classes.size(); ++k) {
    classes += fmt::format("{}\"{}\" {}", k == 0 ? "" : ", ", table.classes[k],
                           with_thousands(static_cast<long long>(table.class_rows[k])));
  }
  return fmt::format(
      "Target \"{}\" with {} classes: {} rows. {} rows have a label, {} of them for training; {} test rows are asked "
      "for. {} feature columns, {} of text; {} missing cells. File {}, SHA-256 {}.",
      table.target, table.classes.size(), classes, with_thousands(static_cast<long long>(table.rows)),
      with_thousands(static_cast<long long>(table.train_rows)), with_thousands(static_cast<long long>(table.queries)),
      table.features, table.text_columns, with_thousands(static_cast<long long>(table.missing_cells)), table.path,
      table.hash);
}

// Student's interval of two seeds is 18 times as wide as their distance: it hides everything else.
bool has_whiskers(const SummaryIndex& index) { return index.summary().run.seeds.size() >= 3; }

ChartView curve_view(const SummaryIndex& index, size_t table, Metric metric) {
  Json traces = Json::array();
  for (size_t model = 0; model < index.num_models(); ++model) {
    std::vector<double> values, low, high;
    Json y = Json::array();
    for (const uint64_t shots : index.shots()) {
      const CellSummary* cell = index.cell(model, table, shots);
      values.push_back(index.cell_metric(model, table, shots, metric));
      low.push_back(cell != nullptr && metric == Metric::kAccuracy ? cell->accuracy_interval.low : kNotAvailable);
      high.push_back(cell != nullptr && metric == Metric::kAccuracy ? cell->accuracy_interval.high : kNotAvailable);
      y.push_back(figure_number(values.back()));
    }
    Json trace = line_trace(index.model_name(model), model);
    trace["x"] = index.shots();
    trace["y"] = std::move(y);
    if (metric == Metric::kAccuracy && has_whiskers(index)) trace["error_y"] = error_bars(values, low, high);
    traces.push_back(std::move(trace));
  }
  Json y_axis = axis(title_of(metric));
  // Intervals of few seeds reach far beyond what an accuracy can be.
  if (metric == Metric::kAccuracy) y_axis["autorangeoptions"] = {{"clipmin", 0}, {"clipmax", 1}};
  ChartView view;
  view.panels.push_back(
      {"",
       {{"data", traces},
        {"layout",
         {{"xaxis", log_axis("labelled rows (shots)", index.shots())}, {"yaxis", y_axis}, {"height", 380}}}}});
  view.numbers = models_by_shots(index, title_of(metric), [&](size_t model, uint64_t shots) -> TextCell {
    const CellSummary* cell = index.cell(model, table, shots);
    if (cell == nullptr) return {"–"};
    return {value_text(index.cell_metric(model, table, shots, metric)),
            metric == Metric::kAccuracy ? interval_text(cell->accuracy_interval) : ""};
  });
  return view;
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
    std::string probabilities;
    for (const double probability : answer.truth_probabilities)
      probabilities += (probabilities.empty() ? "" : ", ") + value_text(probability);
    answers.rows.push_back({{index.model_name(answer.model)}, {answer.text}, {probabilities}});
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

}  // namespace manyshot
