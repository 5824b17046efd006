#include "evaluate/report/number_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/text.h"
#include "evaluate/report/reliability_plot.h"
#include "evaluate/report/summary_index.h"
#include "predict/write_predictions.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

constexpr size_t kShownRows = 20;

double width_of(const ShownNumber& shown) { return shown.high - shown.low; }

bool is_wider(const ShownNumber& a, const ShownNumber& b) {
  return std::pair(-width_of(a), a.row) < std::pair(-width_of(b), b.row);
}

std::string number_text(double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "–"; }

TextTable score_table(const NumberTally& tally, const NumberFacts& facts) {
  const NumberMetrics model = tally.metrics().result();
  TextTable table{
      .title = fmt::format("Scores on {} rows with a number", with_thousands(model.rows)),
      .columns = {"", "RMSE", "MAE", "R2", "CRPS", "pinball loss", "90 % holds", "50 % holds", "log score"}};
  const auto add = [&](const std::string& name, const NumberMetrics& metrics) {
    table.rows.push_back({{name},
                          {number_text(metrics.rmse)},
                          {number_text(metrics.mae)},
                          {value_text(metrics.r2)},
                          {number_text(metrics.crps)},
                          {number_text(metrics.pinball)},
                          {value_text(metrics.coverage_90)},
                          {value_text(metrics.coverage_50)},
                          {value_text(metrics.log_score)}});
  };
  add(facts.model, model);
  for (const auto& [name, metrics] : facts.beside) add(name, metrics);
  return table;
}

TextTable least_sure_table(const NumberTally& tally, const NumberFacts& facts, bool has_truth) {
  TextTable table{.title = "Least sure rows", .columns = {"row"}};
  table.columns.insert(table.columns.end(), facts.kept_names.begin(), facts.kept_names.end());
  table.text_columns = table.columns.size();
  table.columns.insert(table.columns.end(), {"prediction", "p05", "p95"});
  if (has_truth) table.columns.emplace_back("in the test file");
  for (const ShownNumber& shown : tally.least_sure()) {
    std::vector<TextCell> cells{{std::to_string(shown.row)}};
    for (const std::string& cell : shown.kept) cells.push_back({excerpt(cell)});
    for (const double value : {shown.point, shown.low, shown.high}) cells.push_back({number_text(value)});
    if (has_truth) cells.push_back({number_text(shown.truth)});
    table.rows.push_back(std::move(cells));
  }
  return table;
}

// Points of some pairs of numbers, drawn as the first series.
Json scatter(const std::vector<ShownNumber>& rows, const auto& x_of, const auto& y_of, const std::string& hover) {
  Json x = Json::array(), y = Json::array(), names = Json::array();
  for (const ShownNumber& row : rows) {
    x.push_back(figure_number(x_of(row)));
    y.push_back(figure_number(y_of(row)));
    names.push_back(row.row);
  }
  Json marker = marker_of(0, 6);
  marker["opacity"] = 0.6;
  return {{"type", "scatter"},
          {"mode", "markers"},
          {"x", x},
          {"y", y},
          {"customdata", names},
          {"marker", marker},
          {"hovertemplate", "row %{customdata}: " + hover + "<extra></extra>"}};
}

Json error_bars_of(const std::vector<ShownNumber>& rows) {
  std::vector<double> values, low, high;
  for (const ShownNumber& row : rows) {
    values.push_back(row.point);
    low.push_back(std::min(row.low, row.point));
    high.push_back(std::max(row.high, row.point));
  }
  Json bars = error_bars(values, low, high);
  bars["thickness"] = 1;
  bars["width"] = 0;
  bars["color"] = kGuideColour;
  return bars;
}

std::string drawn_note(const NumberTally& tally, uint64_t rows) {
  return tally.drawn().size() < rows ? fmt::format(" The first {} rows are drawn.", tally.drawn().size()) : "";
}

Chart truth_chart(const NumberTally& tally) {
  const std::vector<ShownNumber>& rows = tally.drawn();
  double low = rows.front().truth, high = low;
  for (const ShownNumber& row : rows) {
    low = std::min({low, row.truth, row.point});
    high = std::max({high, row.truth, row.point});
  }
  Json points = scatter(
      rows, [](const ShownNumber& row) { return row.truth; }, [](const ShownNumber& row) { return row.point; },
      "%{y} predicted, %{x} in the file");
  if (rows.size() <= 300) points["error_y"] = error_bars_of(rows);
  ChartView view;
  view.panels.push_back(
      {"", figure(Json::array({guide_line(low, low, high, high), points}), {{"xaxis", axis("in the test file")},
                                                                            {"yaxis", axis("predicted")},
                                                                            {"height", 420},
                                                                            {"showlegend", false}})});
  view.numbers = {.title = "First rows", .columns = {"row", "in the test file", "prediction", "p05", "p95"}};
  for (size_t i = 0; i < std::min(rows.size(), kShownRows); ++i) {
    view.numbers.rows.push_back({{std::to_string(rows[i].row)},
                                 {number_text(rows[i].truth)},
                                 {number_text(rows[i].point)},
                                 {number_text(rows[i].low)},
                                 {number_text(rows[i].high)}});
  }
  return {.title = "Predicted against true",
          .description =
              "Each row by the number in the test file (across) and the prediction (up), with the interval that "
              "holds 90 % where there is room for it: on the dashed line they are the same." +
              drawn_note(tally, tally.metrics().result().rows),
          .choices = {},
          .views = {std::move(view)}};
}

Chart residual_chart(const NumberTally& tally) {
  const std::vector<ShownNumber>& rows = tally.drawn();
  const auto residual = [](const ShownNumber& row) { return row.truth - row.point; };
  std::vector<double> residuals;
  const auto [low, high] = std::ranges::minmax(rows, {}, &ShownNumber::point);
  for (const ShownNumber& row : rows) residuals.push_back(residual(row));
  std::ranges::sort(residuals);
  ChartView view;
  view.panels.push_back({"", figure(Json::array({guide_line(low.point, 0, high.point, 0),
                                                 scatter(
                                                     rows, [](const ShownNumber& row) { return row.point; }, residual,
                                                     "%{y} off, %{x} predicted")}),
                                    {{"xaxis", axis("predicted")},
                                     {"yaxis", axis("true minus predicted")},
                                     {"height", 340},
                                     {"showlegend", false}})});
  view.numbers = {.title = "Residuals", .columns = {"of the rows below", "true minus predicted"}};
  for (const double level : kWrittenLevels) {
    const auto place = static_cast<size_t>(level * static_cast<double>(residuals.size() - 1) + 0.5);
    view.numbers.rows.push_back({{fmt::format("{:.0f} %", 100 * level)}, {number_text(residuals[place])}});
  }
  return {.title = "Residuals",
          .description =
              "What each prediction is off, by the prediction: a slope, a bend or a funnel is something that the "
              "model does not see." +
              drawn_note(tally, tally.metrics().result().rows),
          .choices = {},
          .views = {std::move(view)}};
}

Chart quantile_chart(const NumberTally& tally) {
  const auto& shares = tally.metrics().shares();
  const auto rows = static_cast<double>(tally.metrics().result().rows);
  Json trace = line_trace("rows below", 0), x = Json::array({0}), y = Json::array({0});
  ChartView view;
  view.numbers = {.title = "Rows below a quantile", .columns = {"quantile", "of the rows below it"}};
  double below = 0;
  for (size_t step = 0; step < shares.size(); ++step) {
    below += static_cast<double>(shares[step]);
    const double level = static_cast<double>(step + 1) / static_cast<double>(shares.size());
    x.push_back(figure_number(level));
    y.push_back(figure_number(below / rows));
    view.numbers.rows.push_back({{fmt::format("{:.2f}", level)}, {value_text(below / rows)}});
  }
  trace["x"] = std::move(x);
  trace["y"] = std::move(y);
  view.panels.push_back(
      {"", figure(Json::array({guide_line(0, 0, 1, 1), trace}), {{"xaxis", unit_axis("quantile")},
                                                                 {"yaxis", unit_axis("rows below it")},
                                                                 {"height", 360},
                                                                 {"showlegend", false}})});
  return {.title = "Calibration of the quantiles",
          .description =
              "How many rows have a number below each quantile of what was predicted for them: on the dashed line as "
              "many as the quantile says. A flat S has intervals that are too narrow, a steep one too wide.",
          .choices = {},
          .views = {std::move(view)}};
}

Chart prediction_chart(const NumberTally& tally, const NumberFacts& facts) {
  std::vector<double> points;
  for (const ShownNumber& row : tally.drawn()) points.push_back(row.point);
  std::ranges::sort(points);
  Json x = Json::array();
  for (const double point : points) x.push_back(figure_number(point));
  ChartView view;
  view.panels.push_back({"", figure(Json::array({{{"type", "histogram"},
                                                  {"x", x},
                                                  {"marker", {{"color", marker_of(0, 0)["color"]}}},
                                                  {"hovertemplate", "%{y} rows: %{x}<extra></extra>"}}}),
                                    {{"xaxis", axis(figure_text(facts.target))},
                                     {"yaxis", axis("rows")},
                                     {"height", 320},
                                     {"showlegend", false}})});
  view.numbers = {.title = "Predictions", .columns = {"of the rows below", "prediction"}};
  for (const double level : kWrittenLevels) {
    const auto place = static_cast<size_t>(level * static_cast<double>(points.size() - 1) + 0.5);
    view.numbers.rows.push_back({{fmt::format("{:.0f} %", 100 * level)}, {number_text(points[place])}});
  }
  return {.title = "What was predicted",
          .description =
              fmt::format("Rows by the {} predicted of them.{}", facts.point, drawn_note(tally, tally.num_rows())),
          .choices = {},
          .views = {std::move(view)}};
}

}  // namespace

void NumberTally::add(std::span<const uint64_t> rows, const Distributions& distributions,
                      std::span<const double> points, std::span<const double> truth,
                      std::span<const std::vector<std::string>> kept) {
  for (size_t row = 0; row < rows.size(); ++row) {
    ShownNumber shown{.row = rows[row],
                      .point = points[row],
                      .low = quantile_of(distributions.at(row), kWrittenLevels.front()),
                      .high = quantile_of(distributions.at(row), kWrittenLevels.back()),
                      .truth = truth.empty() ? kNotAvailable : truth[row]};
    if (drawn_.size() < kDrawnRows && (truth.empty() || !std::isnan(shown.truth))) drawn_.push_back(shown);
    if (widest_.size() == kShownRows && !is_wider(shown, widest_.front())) continue;
    for (const std::vector<std::string>& column : kept) shown.kept.push_back(column[row]);
    widest_.push_back(std::move(shown));
    std::ranges::push_heap(widest_, is_wider);
    if (widest_.size() <= kShownRows) continue;
    std::ranges::pop_heap(widest_, is_wider);
    widest_.pop_back();
  }
  num_rows_ += rows.size();
  if (!truth.empty()) metrics_.add(distributions, points, truth);
}

std::vector<ShownNumber> NumberTally::least_sure() const {
  std::vector<ShownNumber> sorted = widest_;
  std::ranges::sort(sorted, is_wider);
  return sorted;
}

std::string number_page(const NumberTally& tally, const NumberFacts& facts) {
  const bool has_truth = tally.metrics().result().rows > 0;
  Section overview{.title = "What was predicted"};
  overview.blocks.emplace_back(facts_table("", facts.facts));
  if (has_truth) overview.blocks.emplace_back(score_table(tally, facts));
  Section section{.title = "Predictions"};
  if (has_truth) {
    section.blocks.emplace_back(truth_chart(tally));
    section.blocks.emplace_back(residual_chart(tally));
    section.blocks.emplace_back(quantile_chart(tally));
  } else if (!tally.drawn().empty()) {
    section.blocks.emplace_back(prediction_chart(tally, facts));
  }
  section.blocks.emplace_back(least_sure_table(tally, facts, has_truth));
  return html_document({.title = "Predictions", .sections = {std::move(overview), std::move(section)}});
}

}  // namespace manyshot::report
