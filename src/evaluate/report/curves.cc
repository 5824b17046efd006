#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/report/sections.h"
#include "evaluate/report/shot_curves.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

using PointOf = std::function<CurvePoint(const AverageSummary&)>;
using Write = std::function<std::string(double)>;

ChartView average_view(const SummaryIndex& index, const std::string& title, const PointOf& point_of, const Write& write,
                       const Json& y_axis) {
  const auto point = [&](size_t model, uint64_t shots) {
    const AverageSummary* average = index.average(model, shots);
    return average == nullptr ? CurvePoint{} : point_of(*average);
  };
  return shot_curves_view(index, {.title = title, .point = point, .write = write, .y_axis = y_axis});
}

// What a chart of metrics can show besides the mean.
struct Aspect {
  std::string name, axis;
  std::function<CurvePoint(const MetricSummary&)> point;
  Write write;
};

std::vector<Aspect> aspects(const RunFacts& run) {
  std::vector<Aspect> result{{"mean", "",
                              [](const MetricSummary& metric) {
                                return CurvePoint{metric.mean, metric.interval};
                              },
                              value_text}};
  if (!run.baseline.empty()) {
    result.push_back({"difference from " + run.baseline, " minus " + run.baseline + "'s",
                      [](const MetricSummary& metric) {
                        return CurvePoint{metric.difference, metric.difference_interval};
                      },
                      signed_text});
  }
  if (!run.forest.empty()) {
    result.push_back({"relative to " + run.forest, ", relative to " + run.forest,
                      [](const MetricSummary& metric) { return CurvePoint{.value = metric.relative_to_forest}; },
                      percent_text});
  }
  result.push_back({"average rank", ": average rank",
                    [](const MetricSummary& metric) { return CurvePoint{.value = metric.average_rank}; }, rank_text});
  return result;
}

Chart metric_curves(const SummaryIndex& index) {
  Chart chart{.title = "Metrics by number of labelled rows",
              .description =
                  "The mean over the tables of each model at each number of shots. Whiskers are 95 % intervals of a "
                  "bootstrap over the tables; those of differences are paired by table, and narrower for it. Tables "
                  "differ from shots to shots where one has too few rows."};
  Choice metric_choice{.label = "metric"}, aspect_choice{.label = "show"};
  const std::vector<Aspect> shown = aspects(index.summary().run);
  for (const Aspect& aspect : shown) aspect_choice.options.push_back(aspect.name);
  for (const Metric metric : kMetrics) {
    metric_choice.options.emplace_back(title_of(metric));
    for (const Aspect& aspect : shown) {
      const std::string title = title_of(metric) + aspect.axis;
      const bool is_mean = aspect.axis.empty();
      Json y_axis = axis(is_mean && !higher_is_better(metric) ? title + " (lower is better)" : title);
      if (aspect.name == "average rank") y_axis["autorange"] = "reversed";
      const auto point_of = [metric, &aspect](const AverageSummary& average) {
        return aspect.point(average.metrics[metric]);
      };
      chart.views.push_back(average_view(index, title, point_of, aspect.write, y_axis));
    }
  }
  chart.choices = {std::move(metric_choice), std::move(aspect_choice)};
  return chart;
}

TextTable falls(const SummaryIndex& index) {
  TextTable table{.title = "Does more help? Falls of the accuracy from one number of shots to the next",
                  .columns = {"model", "tables with all shots", "steps of the mean that fall",
                              "largest fall of the mean", "steps of single tables that fall by more than 0.02"}};
  for (const CurveSummary& curve : index.summary().curves) {
    table.rows.push_back({{index.model_name(curve.model)},
                          {std::to_string(curve.tables)},
                          {fmt::format("{} of {}", curve.falling_steps, curve.steps)},
                          {value_text(curve.largest_fall)},
                          {fmt::format("{} of {}", curve.table_collapses, curve.table_steps)}});
  }
  return table;
}

std::string tokens_text(double value) { return std::isfinite(value) ? fmt::format("{:.4g}", value) : "–"; }

// Ticks at powers of ten, and at 2 and 5 between them where that leaves them readable, as "20 ms".
void mark_times(double least, double most, Json& axis) {
  const bool is_narrow = most < 1000 * least;
  for (double power = std::floor(std::log10(least)); power <= std::ceil(std::log10(most)); ++power) {
    for (const int step : {1, 2, 5}) {
      if (step > 1 && !is_narrow) continue;
      const double seconds = step * std::pow(10, power);
      const std::string text = time_text(seconds * (1 + 1e-9));  // 0.001 is 1 ms, whatever its last bit
      const size_t point = text.find('.'), blank = text.find(' ');
      axis["tickvals"].push_back(figure_number(seconds));
      axis["ticktext"].push_back(point == std::string::npos ? text : text.substr(0, point) + text.substr(blank));
    }
  }
}

Chart cost_curves(const SummaryIndex& index) {
  struct Cost {
    const char* title;
    double AverageSummary::*value;
    bool is_time;
    Write write;
  };
  Chart chart{.title = "Time and tokens",
              .description =
                  "Wall time of fit and predict, and tokens read and written, divided by the queries. Times depend on "
                  "the machine and on what else it did.",
              .choices = {{.label = "show"}}};
  for (const Cost& cost : {Cost{"time per query", &AverageSummary::seconds_per_query, true, time_text},
                           Cost{"tokens per query", &AverageSummary::tokens_per_query, false, tokens_text}}) {
    const auto point_of = [&cost](const AverageSummary& average) { return CurvePoint{.value = average.*cost.value}; };
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (const AverageSummary& average : index.summary().averages) {
      if (!(average.*cost.value > 0)) continue;
      least = std::min(least, average.*cost.value);
      most = std::max(most, average.*cost.value);
    }
    if (most == 0) continue;
    Json y_axis = axis(cost.title);
    y_axis["type"] = "log";
    y_axis["tickformat"] = "~s";  // 20k
    y_axis["hoverformat"] = ".3~s";
    if (cost.is_time) {
      mark_times(least, most, y_axis);
      y_axis["ticksuffix"] = "s";  // while it is hovered: 12.3ms
    } else if (most < 1000 * least) {
      y_axis["dtick"] = "D2";  // at 1, 2 and 5; else as there is room
    }
    chart.choices[0].options.push_back(cost.title);
    chart.views.push_back(average_view(index, cost.title, point_of, cost.write, y_axis));
  }
  return chart;
}

}  // namespace

Section curves_section(const SummaryIndex& index) {
  Section section{.title = "Shot curves"};
  if (index.summary().averages.empty()) return section;
  section.blocks.emplace_back(metric_curves(index));
  if (!index.summary().curves.empty() && index.shots().size() > 1) section.blocks.emplace_back(falls(index));
  if (Chart cost = cost_curves(index); !cost.views.empty()) section.blocks.emplace_back(std::move(cost));
  return section;
}

}  // namespace manyshot::report
