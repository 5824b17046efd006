#include "train/display/run_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "core/text.h"
#include "report/figure.h"
#include "report/html.h"
#include "train/display/loss_curve.h"

namespace manyshot::train {
namespace {

using report::axis;
using report::Chart;
using report::ChartView;
using report::Choice;
using report::class_colour;
using report::figure;
using report::figure_number;
using report::figure_text;
using report::kGuideColour;
using report::line_trace;
using report::TextTable;

constexpr size_t kMaxPoints = 1000;  // of a line; more are thinned out
constexpr size_t kMaxRows = 20;      // of the numbers beside a curve over steps
constexpr int kHeight = 360;

// A quantity over steps.
struct Quantity {
  const char* name;
  const char* key;
  double factor = 1;
  bool is_smoothed = true;
  bool is_log = false;
};

using Curve = std::vector<CurvePoint>;  // its `loss` is any quantity

bool is_step(const Json& line) { return line.contains("loss"); }

Curve curve_of(const std::vector<Json>& metrics, const Quantity& quantity) {
  Curve curve;
  for (const Json& line : metrics) {
    if (!is_step(line) || !line.contains(quantity.key) || !line[quantity.key].is_number()) continue;
    curve.push_back({line.value("step", 0.0), quantity.factor * line[quantity.key].get<double>()});
  }
  return curve;
}

// At most `count` points, the first and the last among them.
Curve thinned(const Curve& curve, size_t count) {
  if (curve.size() <= count) return curve;
  Curve kept;
  for (size_t i = 0; i < count; ++i) kept.push_back(curve[i * (curve.size() - 1) / (count - 1)]);
  return kept;
}

Json trace_of(const Curve& curve, const std::string& name, bool is_behind) {
  Json x = Json::array(), y = Json::array();
  for (const CurvePoint& point : thinned(curve, kMaxPoints)) {
    x.push_back(point.step);
    y.push_back(figure_number(point.loss));
  }
  return {{"type", "scatter"},
          {"mode", curve.size() == 1 ? "markers" : "lines"},
          {"name", name},
          {"x", x},
          {"y", y},
          {"line", {{"color", is_behind ? kGuideColour : class_colour(0)}, {"width", is_behind ? 1.0 : 2.5}}}};
}

// Where stages behind the first begin: dashed, with their names.
void mark_stages(const std::vector<Json>& metrics, Json& layout) {
  std::string stage;
  bool is_first = true;
  for (const Json& line : metrics) {
    if (!is_step(line) || line.value("stage", "") == stage) continue;
    stage = line.value("stage", "");
    if (!is_first) {
      const double step = line.value("step", 0.0) - 0.5;
      layout["shapes"].push_back({{"type", "line"},
                                  {"x0", step},
                                  {"x1", step},
                                  {"yref", "paper"},
                                  {"y0", 0},
                                  {"y1", 1},
                                  {"line", {{"color", kGuideColour}, {"dash", "dash"}, {"width", 1}}}});
      layout["annotations"].push_back({{"x", step},
                                       {"yref", "paper"},
                                       {"y", 1},
                                       {"yanchor", "top"},
                                       {"xanchor", "left"},
                                       {"showarrow", false},
                                       {"text", figure_text(stage, 24)}});
    }
    is_first = false;
  }
}

TextTable numbers_of(const Curve& curve, const Curve& smooth, const Quantity& quantity) {
  TextTable table{.columns = {"step", quantity.name}};
  if (!smooth.empty()) table.columns.emplace_back("smoothed");
  const Curve rows = thinned(curve, kMaxRows), smooth_rows = thinned(smooth, kMaxRows);
  for (size_t i = 0; i < rows.size(); ++i) {
    table.rows.push_back({{with_thousands(std::llround(rows[i].step))}, {metric_text(rows[i].loss)}});
    if (!smooth.empty()) table.rows.back().push_back({metric_text(smooth_rows[i].loss)});
  }
  return table;
}

ChartView view_of(const std::vector<Json>& metrics, const Quantity& quantity) {
  const Curve curve = curve_of(metrics, quantity);
  const Curve smooth = quantity.is_smoothed ? smoothed(curve) : Curve();
  Json traces = Json::array();
  traces.push_back(trace_of(curve, "each step", /*is_behind=*/quantity.is_smoothed));
  if (quantity.is_smoothed) traces.push_back(trace_of(smooth, "smoothed", false));
  Json y_axis = axis(quantity.name);
  if (quantity.is_log) y_axis["type"] = "log";
  Json layout = {{"xaxis", axis("step")}, {"yaxis", y_axis}, {"height", kHeight}};
  layout["showlegend"] = quantity.is_smoothed;
  mark_stages(metrics, layout);
  ChartView view;
  view.panels.push_back({"", figure(traces, layout)});
  view.numbers = numbers_of(curve, smooth, quantity);
  return view;
}

// A choice among the quantities that the lines have.
Chart chart_of(const std::vector<Json>& metrics, const std::string& title, const std::string& description,
               const std::vector<Quantity>& quantities) {
  Chart chart{.title = title, .description = description};
  Choice choice{.label = "show"};
  for (const Quantity& quantity : quantities) {
    if (curve_of(metrics, quantity).empty()) continue;
    choice.options.emplace_back(quantity.name);
    chart.views.push_back(view_of(metrics, quantity));
  }
  if (choice.options.size() > 1) chart.choices.push_back(std::move(choice));
  return chart;
}

// "eval_accuracy_" -> the shots that some line has.
std::set<int> shots_of(const std::vector<Json>& metrics, const std::string& prefix) {
  std::set<int> shots;
  for (const Json& line : metrics) {
    for (const auto& [key, value] : line.items()) {
      if (key.starts_with(prefix) && key.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
        shots.insert(std::stoi(key.substr(prefix.size())));
    }
  }
  return shots;
}

Json evaluation_layout(const std::vector<Json>& metrics, const std::string& axis_title) {
  Json layout = {{"xaxis", axis("step")}, {"yaxis", axis(axis_title)}, {"height", kHeight}, {"showlegend", true}};
  layout["xaxis"]["rangemode"] = "tozero";
  mark_stages(metrics, layout);
  return layout;
}

ChartView shots_view(const std::vector<Json>& metrics, const std::string& prefix, const std::set<int>& shots,
                     const std::string& axis_title) {
  ChartView view;
  view.numbers.columns.emplace_back("step");
  std::vector<const Json*> lines;
  for (const Json& line : metrics) {
    if (line.contains(prefix + std::to_string(*shots.begin()))) lines.push_back(&line);
  }
  for (const Json* line : lines) view.numbers.rows.push_back({{with_thousands(line->value("step", int64_t{0}))}});
  Json traces = Json::array();
  for (const int count : shots) {
    Json trace = line_trace(fmt::format("{} shots", count), traces.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      const Json value = lines[i]->value(prefix + std::to_string(count), Json());
      trace["x"].push_back((*lines[i])["step"]);
      trace["y"].push_back(value.is_number() ? figure_number(value.get<double>()) : Json());
      view.numbers.rows[i].push_back({metric_text(value)});
    }
    view.numbers.columns.push_back(fmt::format("{} shots", count));
    traces.push_back(std::move(trace));
  }
  view.panels.push_back({"", figure(traces, evaluation_layout(metrics, axis_title))});
  return view;
}

// The run's accuracy beside that of the baselines, over the steps; nothing without baselines.
std::optional<ChartView> baselines_view(const std::vector<Json>& metrics, const std::string& group,
                                        const std::string& axis_title) {
  const std::string forest = group + "_forest_accuracy", majority = group + "_majority_accuracy";
  std::vector<const Json*> lines;
  for (const Json& line : metrics) {
    if (line.contains(forest) || line.contains(majority)) lines.push_back(&line);
  }
  if (lines.empty()) return std::nullopt;
  ChartView view{.numbers = {.columns = {"step"}}};
  for (const Json* line : lines) view.numbers.rows.push_back({{with_thousands(line->value("step", int64_t{0}))}});
  Json traces = Json::array();
  for (const auto& [name, key] : {std::pair<const char*, std::string>{"this run", group + "_accuracy"},
                                  {"random forest", forest},
                                  {"most frequent class", majority}}) {
    Json trace = line_trace(name, traces.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      const Json value = lines[i]->value(key, Json());
      trace["x"].push_back((*lines[i])["step"]);
      trace["y"].push_back(value.is_number() ? figure_number(value.get<double>()) : Json());
      view.numbers.rows[i].push_back({metric_text(value)});
    }
    view.numbers.columns.emplace_back(name);
    traces.push_back(std::move(trace));
  }
  view.panels.push_back({"", figure(traces, evaluation_layout(metrics, axis_title))});
  return view;
}

}  // namespace

std::string percent_text(const Json& share) {
  return share.is_number() && std::isfinite(share.get<double>()) ? fmt::format("{:.1f}", 100 * share.get<double>())
                                                                 : "–";
}

std::string metric_text(const Json& value) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) return "–";
  const double number = value.get<double>(), size = std::abs(number);
  if (size >= 1000) return with_thousands(std::llround(number));
  if (size >= 10) return fmt::format("{:.2f}", number);
  return size >= 0.01 || size == 0 ? fmt::format("{:.4f}", number) : fmt::format("{:.3g}", number);
}

Chart loss_chart(const std::vector<Json>& metrics) {
  return chart_of(
      metrics, "Loss",
      "Nats a supervised token: of each step's samples, before its update; and, where the recipe holds data "
      "out, of the validation samples.",
      {{"training", "loss"}, {"validation", "validation_loss", 1, false}});
}

Chart learning_chart(const std::vector<Json>& metrics) {
  return chart_of(
      metrics, "How it learns",
      "The share of supervised tokens that were the likeliest; the learning rate of the schedule; the norm of the "
      "gradient before clipping.",
      {{"share right, %", "accuracy", 100},
       {"learning rate", "learning_rate", 1, false},
       {"norm of the gradient", "gradient_norm", 1, true, true}});
}

Chart speed_chart(const std::vector<Json>& metrics) {
  return chart_of(metrics, "Speed",
                  "Tokens a second; MFU, the floating-point operations that the network calls for as a share of what "
                  "this machine's matrix products did at the start; and memory in use. Other work on the machine shows "
                  "here.",
                  {{"tokens/s", "tokens_per_second"},
                   {"MFU, %", "utilisation", 100},
                   {"GFLOP/s", "gflops_per_second"},
                   {"memory, GiB", "memory_bytes", 1.0 / (1 << 30), false}});
}

std::optional<Chart> evaluation_chart(const std::vector<Json>& metrics, const std::string& group,
                                      const std::string& title, const std::string& description) {
  Chart chart{.title = title, .description = description};
  Choice choice{.label = "show"};
  const auto add = [&](const char* name, const std::string& prefix) {
    const std::set<int> shots = shots_of(metrics, prefix);
    if (shots.empty()) return;
    choice.options.emplace_back(name);
    chart.views.push_back(shots_view(metrics, prefix, shots, name));
  };
  if (std::optional<ChartView> view = baselines_view(metrics, group, "accuracy, mean over the shots")) {
    choice.options.emplace_back("beside baselines");
    chart.views.push_back(std::move(*view));
  }
  add("accuracy", group + "_accuracy_");
  add("loss, nats", group + "_loss_");
  if (chart.views.empty()) return std::nullopt;
  if (choice.options.size() > 1) chart.choices.push_back(std::move(choice));
  return chart;
}

}  // namespace manyshot::train
