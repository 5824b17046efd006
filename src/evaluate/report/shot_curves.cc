#include "evaluate/report/shot_curves.h"

#include "report/figure.h"

namespace manyshot::report {

ChartView shot_curves_view(const SummaryIndex& index, const ShotCurves& curves) {
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
    trace["x"] = index.shots();
    trace["y"] = std::move(y);
    if (curves.has_whiskers) trace["error_y"] = error_bars(values, low, high);
    traces.push_back(std::move(trace));
  }
  ChartView view;
  view.panels.push_back({"", figure(traces, {{"xaxis", log_axis("labelled rows (shots)", index.shots())},
                                             {"yaxis", curves.y_axis},
                                             {"height", curves.height}})});
  view.numbers = models_by_shots(index, curves.title, [&](size_t model, uint64_t shots) -> TextCell {
    const CurvePoint point = curves.point(model, shots);
    return {curves.write(point.value), interval_text(point.interval, curves.write)};
  });
  return view;
}

}  // namespace manyshot::report
