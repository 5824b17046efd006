#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "lab/report/lab_report.h"
#include "lab/report/sections.h"
#include "report/figure.h"

namespace manyshot::lab {
namespace {

using report::Chart;
using report::ChartView;
using report::Paragraph;
using report::Section;
using report::TextTable;

std::string amount(double value) {
  if (value == 0) return "0";
  return value >= 0.01 && value < 1e6 ? fmt::format("{:.4g}", value) : fmt::format("{:.3g}", value);
}

TextTable cost_table(const CostTable& costs) {
  const std::string unit = costs.unit.empty() ? "" : fmt::format(", {}", costs.unit);
  TextTable table{.title = fmt::format("Cost by {}{}", costs.quantity, unit),
                  .columns = {"way", "once", "each question"}};
  for (const double questions : {100.0, 10'000.0, 1'000'000.0})
    table.columns.push_back(fmt::format("{} questions", with_thousands(std::llround(questions))));
  for (const WayCost& way : costs.ways) {
    std::vector<report::TextCell> row{{way.name}, {amount(way.once)}, {amount(way.question)}};
    for (const double questions : {100.0, 10'000.0, 1'000'000.0}) {
      const double total = way.once + questions * way.question;
      row.push_back({.text = amount(total), .is_best = way.name == costs.cheapest(questions).name});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ChartView cost_view(const CostTable& costs) {
  Json traces = Json::array();
  for (size_t w = 0; w < costs.ways.size(); ++w) {
    Json x = Json::array(), y = Json::array();
    for (double power = 0; power <= 6.01; power += 0.25) {
      const double questions = std::pow(10, power);
      x.push_back(report::figure_number(questions));
      y.push_back(report::figure_number(costs.ways[w].once + questions * costs.ways[w].question));
    }
    Json trace = report::line_trace(costs.ways[w].name, w);
    trace["mode"] = "lines";
    trace["x"] = x;
    trace["y"] = y;
    trace["hovertemplate"] = "%{x} questions: %{y}";
    traces.push_back(std::move(trace));
  }
  Json x_axis = report::axis("questions until the documents change"), y_axis = report::axis(costs.unit);
  x_axis["type"] = "log";
  y_axis["type"] = "log";
  ChartView view;
  view.panels.push_back({"", report::figure(traces, {{"xaxis", x_axis}, {"yaxis", y_axis}, {"height", 400}})});
  view.numbers = cost_table(costs);
  return view;
}

}  // namespace

Section cost_section(const std::vector<CostTable>& costs, double questions) {
  Section section{.title = "Cost", .blocks = {}};
  Chart chart{.title = "Total cost by the number of questions",
              .description =
                  "Each way to use the documents, from one question to a million; where lines cross is the "
                  "break-even point.",
              .choices = {{.label = "Cost in", .options = {}}},
              .views = {}};
  for (const CostTable& table : costs) {
    if (table.ways.size() < 2) continue;
    chart.choices[0].options.push_back(table.quantity);
    chart.views.push_back(cost_view(table));
    section.blocks.emplace_back(Paragraph{fmt::format("{}", fmt::join(recommendation(table, questions), " "))});
  }
  if (!chart.views.empty()) section.blocks.insert(section.blocks.begin(), std::move(chart));
  return section;
}

Section costs_section(const LabSummary& summary) {
  Section section{.title = "Cost", .blocks = {}};
  for (const TaskSummary& task : summary.tasks) {
    Section own = cost_section({task.flops, task.seconds}, /*questions=*/0);
    if (own.blocks.empty()) continue;
    section.blocks.emplace_back(Paragraph{fmt::format("{}:", task.name)});
    for (report::Block& block : own.blocks) section.blocks.push_back(std::move(block));
  }
  return section;
}

std::string cost_text(const CostTable& costs) {
  std::string text = fmt::format("{:<30}  {:>12}  {:>14}{}", costs.quantity, "once", "each question",
                                 costs.unit.empty() ? "" : fmt::format("  ({})", costs.unit));
  for (const WayCost& way : costs.ways)
    text += fmt::format("\n{:<30}  {:>12}  {:>14}", way.name, amount(way.once), amount(way.question));
  return text;
}

}  // namespace manyshot::lab
