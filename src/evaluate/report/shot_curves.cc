#include "evaluate/report/shot_curves.h"

#include <algorithm>
#include <cmath>

#include "report/figure.h"

namespace manyshot::report {

namespace {

constexpr double kSpread = 0.25;  // of the way to the next number of shots that the models' points take side by side

// The width, in powers of ten, over which the models' points at one number of shots are spread, so that their whiskers
// do not hide each other; 0 where there are no whiskers, or one model's alone.
double spread_of(const SummaryIndex& index, const ShotCurves& curves) {
  size_t models = 0;
  for (size_t model = 0; model < index.num_models(); ++model) {
    models += std::any_of(index.shots().begin(), index.shots().end(), [&](uint64_t shots) {
      return curves.has_whiskers && std::isfinite(curves.point(model, shots).interval.low);
    });
  }
  if (models < 2) return 0;
  double gap = std::log10(2.0);
  for (size_t place = 1; place < index.shots().size(); ++place) {
    const double step =
        std::log10(static_cast<double>(index.shots()[place]) / static_cast<double>(index.shots()[place - 1]));
    gap = place == 1 ? step : std::min(gap, step);
  }
  return kSpread * gap;
}

// Where the model's points are drawn: around the shots, in the order of the models.
Json places_of(const SummaryIndex& index, size_t model, double spread) {
  if (spread == 0) return index.shots();
  const double share = static_cast<double>(model) / static_cast<double>(index.num_models() - 1) - 0.5;
  Json places = Json::array();
  for (const uint64_t shots : index.shots())
    places.push_back(figure_number(static_cast<double>(shots) * std::pow(10, spread * share)));
  return places;
}

Json shots_axis(const SummaryIndex& index, double spread) {
  Json axis = log_axis("labelled rows (shots)", index.shots());
  axis["range"][0] = figure_number(axis["range"][0].get<double>() - spread / 2);
  axis["range"][1] = figure_number(axis["range"][1].get<double>() + spread / 2);
  return axis;
}

}  // namespace

ChartView shot_curves_view(const SummaryIndex& index, const ShotCurves& curves) {
  const double spread = spread_of(index, curves);
  Json traces = Json::array();
  for (size_t model = 0; model < index.num_models(); ++model) {
    std::vector<double> values, low, high;
    Json y = Json::array();
    for (const uint64_t shots : index.shots()) {
      const CurvePoint point = curves.point(model, shots);
      values.push_back(point.value);
      low.push_back(point.interval.low);
      high.push_back(point.interval.high);
      y.push_back(figure_number(point.value));
    }
    Json trace = line_trace(index.model_name(model), model);
    trace["x"] = places_of(index, model, spread);
    trace["customdata"] = index.shots();
    trace["hovertemplate"] = "%{customdata} shots: %{y}";
    trace["y"] = std::move(y);
    if (curves.has_whiskers) trace["error_y"] = error_bars(values, low, high);
    traces.push_back(std::move(trace));
  }
  ChartView view;
  view.panels.push_back(
      {"",
       figure(traces, {{"xaxis", shots_axis(index, spread)}, {"yaxis", curves.y_axis}, {"height", curves.height}})});
  view.numbers = models_by_shots(index, curves.title, [&](size_t model, uint64_t shots) -> TextCell {
    const CurvePoint point = curves.point(model, shots);
    return {curves.write(point.value), interval_text(point.interval, curves.write)};
  });
  return view;
}

}  // namespace manyshot::report
