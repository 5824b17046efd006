// The heat map of models and tables, every model against the forest, and distributions over the tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluate/report/sections.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

// A row a table, its best values marked.
TextTable metric_by_table(const SummaryIndex& index, uint64_t shots, Metric metric) {
  const double sign = higher_is_better(metric) ? 1 : -1;
  return tables_by_model(index, fmt::format("{} at {} shots", title_of(metric), shots),
                         [&](size_t table, size_t model) -> TextCell {
                           const double value = index.cell_metric(model, table, shots, metric);
                           bool is_best = std::isfinite(value);
                           for (size_t other = 0; other < index.num_models(); ++other)
                             is_best &= !(sign * index.cell_metric(other, table, shots, metric) > sign * value);
                           return {value_text(value), "", is_best};
                         });
}

// A view for each of shots_choice x table_metric_choice.
Chart shots_and_metric_chart(const SummaryIndex& index, const std::string& title, const std::string& description,
                             const std::function<ChartView(uint64_t shots, Metric metric)>& view) {
  Chart chart{.title = title, .description = description, .choices = {shots_choice(index), table_metric_choice()}};
  for (const uint64_t shots : index.shots()) {
    for (const Metric metric : kTableMetrics) chart.views.push_back(view(shots, metric));
  }
  return chart;
}

// From light to blue, none too dark for the numbers in the cells.
const Json kColours = Json::array({{0, "#fbf3dc"}, {0.5, "#a9d3c4"}, {1, "#3f9ac9"}});

Json heat_map_figure(const SummaryIndex& index, uint64_t shots, Metric metric) {
  Json z = Json::array();
  for (size_t table = 0; table < index.num_tables(); ++table) {
    Json row = Json::array();
    for (size_t model = 0; model < index.num_models(); ++model)
      row.push_back(figure_number(index.cell_metric(model, table, shots, metric)));
    z.push_back(std::move(row));
  }
  Json x_axis = category_axis(), y_axis = category_axis();
  x_axis["side"] = "top";
  y_axis["autorange"] = "reversed";
  const Json trace{{"type", "heatmap"},
                   {"x", category_labels(index.model_names(), 28)},
                   {"y", category_labels(index.table_names(), 28)},
                   {"z", z},
                   {"texttemplate", "%{z:.3f}"},
                   {"hovertemplate", "%{y}<br>%{x}: %{z:.4f}<extra></extra>"},
                   {"textfont", {{"color", "#10151f"}}},
                   {"hoverongaps", false},
                   {"colorscale", kColours},
                   {"reversescale", !higher_is_better(metric)},
                   {"xgap", 1},
                   {"ygap", 1},
                   {"colorbar", {{"title", {{"text", title_of(metric)}, {"side", "top"}}}, {"thickness", 12}}}};
  return figure(Json::array({trace}), {{"xaxis", x_axis},
                                       {"yaxis", y_axis},
                                       {"meta", {{"min_width", 260 + 62 * index.num_models()}}},
                                       {"margin", {{"t", 70}, {"b", 10}}},
                                       {"height", 160 + 22 * index.num_tables()}});
}

Chart heat_map(const SummaryIndex& index) {
  return shots_and_metric_chart(
      index, "Models and tables",
      "Each cell is one model on one table; deeper blue is better, empty cells have no result.",
      [&](uint64_t shots, Metric metric) {
        return ChartView{.panels = {{"", heat_map_figure(index, shots, metric)}},
                         .numbers = metric_by_table(index, shots, metric)};
      });
}

Chart distributions(const SummaryIndex& index) {
  return shots_and_metric_chart(
      index, "Distribution over the tables",
      "A point a table; boxes span the middle half of the tables, with the median.",
      [&](uint64_t shots, Metric metric) {
        Json traces = Json::array();
        TextTable numbers{
            .title = fmt::format("{} at {} shots", title_of(metric), shots),
            .columns = {"model", "tables", "lowest", "lower quarter", "median", "upper quarter", "highest"}};
        const std::vector<std::string> names = category_labels(index.model_names(), 28);
        for (size_t model = 0; model < index.num_models(); ++model) {
          std::vector<double> values;
          Json y = Json::array(), texts = Json::array();
          for (size_t table = 0; table < index.num_tables(); ++table) {
            const double value = index.cell_metric(model, table, shots, metric);
            if (!std::isfinite(value)) continue;
            values.push_back(value);
            y.push_back(figure_number(value));
            texts.push_back(figure_text(index.summary().tables[table].name));
          }
          std::vector<TextCell> row{{index.model_name(model)}, {std::to_string(values.size())}};
          for (const int quarter : {0, 1, 2, 3, 4}) row.push_back({value_text(quantile(values, quarter / 4.0))});
          numbers.rows.push_back(std::move(row));
          traces.push_back({{"type", "box"},
                            {"name", names[model]},
                            {"y", y},
                            {"text", texts},
                            {"hovertemplate", "%{text}: %{y:.4f}"},
                            {"boxpoints", "all"},
                            {"jitter", 0.5},
                            {"pointpos", 0},
                            {"quartilemethod", "linear"},
                            {"marker", marker_of(model, 5)},
                            {"showlegend", false}});
        }
        return ChartView{
            .panels = {{"", figure(traces,
                                   {{"xaxis", category_axis()}, {"yaxis", axis(title_of(metric))}, {"height", 420}})}},
            .numbers = numbers};
      });
}

// The span of values with some room, for an axis.
struct Span {
  double low = 1, high = 0;
  void add(double value) { low = std::min(low, value), high = std::max(high, value); }
  Json range() const {
    if (low > high) return {0, 1};
    return {figure_number(low - 0.02), figure_number(high + 0.02)};
  }
};

ChartView forest_view(const SummaryIndex& index, size_t forest, uint64_t shots) {
  Span x_span, y_span;
  Json traces = Json::array({guide_line(0, 0, 1, 1)});
  for (size_t model = 0; model < index.num_models(); ++model) {
    if (model == forest) continue;
    Json x = Json::array(), y = Json::array(), texts = Json::array();
    for (size_t table = 0; table < index.num_tables(); ++table) {
      const double theirs = index.cell_metric(forest, table, shots, Metric::kAccuracy),
                   ours = index.cell_metric(model, table, shots, Metric::kAccuracy);
      if (!std::isfinite(theirs) || !std::isfinite(ours)) continue;
      x_span.add(theirs);
      y_span.add(ours);
      x.push_back(figure_number(theirs));
      y.push_back(figure_number(ours));
      texts.push_back(figure_text(index.summary().tables[table].name));
    }
    traces.push_back({{"type", "scatter"},
                      {"mode", "markers"},
                      {"name", figure_text(index.model_name(model))},
                      {"x", x},
                      {"y", y},
                      {"text", texts},
                      {"hovertemplate", "%{text}<br>%{y:.4f} against %{x:.4f}"},
                      {"marker", marker_of(model, 9)}});
  }
  const std::string name = index.model_name(forest);
  Json x_axis = axis("accuracy of " + name), y_axis = axis("accuracy");
  x_axis["range"] = x_span.range();
  y_axis["range"] = y_span.range();
  ChartView view;
  view.panels.push_back({"", figure(traces, {{"xaxis", x_axis}, {"yaxis", y_axis}, {"height", 560}})});
  view.numbers = tables_by_model(index, fmt::format("accuracy minus {}'s at {} shots", name, shots),
                                 [&](size_t table, size_t model) -> TextCell {
                                   return {signed_text(index.cell_metric(model, table, shots, Metric::kAccuracy) -
                                                       index.cell_metric(forest, table, shots, Metric::kAccuracy))};
                                 });
  return view;
}

Chart against_forest(const SummaryIndex& index, size_t forest) {
  Chart chart{.title = "Against " + index.model_name(forest),
              .description = fmt::format("A point for each model and table: above the dashed line the model is better "
                                         "than {}. A click on a name hides it, a double click shows it alone.",
                                         index.model_name(forest)),
              .choices = {shots_choice(index)}};
  for (const uint64_t shots : index.shots()) chart.views.push_back(forest_view(index, forest, shots));
  return chart;
}

}  // namespace

Section per_table_section(const SummaryIndex& index) {
  Section section{.title = "Table by table"};
  if (index.summary().cells.empty()) return section;
  section.blocks.emplace_back(heat_map(index));
  const std::optional<size_t> forest = index.find_model(index.summary().run.forest);
  if (forest && index.num_models() > 1) section.blocks.emplace_back(against_forest(index, *forest));
  section.blocks.emplace_back(distributions(index));
  return section;
}

}  // namespace manyshot::report
