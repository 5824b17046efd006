#include <fmt/format.h>

#include "core/text.h"
#include "evaluate/report/reliability_plot.h"
#include "evaluate/report/sections.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

struct Calibration {
  double rows = 0, correct = 0, confidence = 0;  // summed
};

Calibration calibration_of(const std::vector<ReliabilityBin>& bins) {
  Calibration all;
  for (const ReliabilityBin& bin : bins) {
    all.rows += static_cast<double>(bin.rows);
    all.correct += static_cast<double>(bin.correct);
    all.confidence += bin.confidence;
  }
  return all;
}

Panel reliability_panel(const SummaryIndex& index, const AverageSummary& average, uint64_t shots) {
  const std::string& name = index.model_name(average.model);
  Json traces = Json::array({guide_line(0, 0, 1, 1), share_trace(average.reliability)});
  std::string title = fmt::format("{}: ECE {}", name, value_text(expected_calibration_error(average.reliability)));
  const std::optional<size_t> before = index.find_model(index.summary().models[average.model].uncalibrated);
  const AverageSummary* uncalibrated = before ? index.average(*before, shots) : nullptr;
  if (uncalibrated != nullptr) {
    traces.push_back(reliability_trace(uncalibrated->reliability, "before calibration", *before));
    title += fmt::format(", before calibration {}", value_text(expected_calibration_error(uncalibrated->reliability)));
  }
  traces.push_back(reliability_trace(average.reliability, uncalibrated == nullptr ? "accuracy" : "after calibration",
                                     average.model));
  return {title, figure(traces, {{"xaxis", unit_axis("confidence")},
                                 {"yaxis", unit_axis("accuracy")},
                                 {"height", 360},
                                 {"showlegend", uncalibrated != nullptr}})};
}

ChartView reliability_view(const SummaryIndex& index, uint64_t shots) {
  ChartView view;
  view.numbers = {.title = fmt::format("All predictions together, at {} shots", shots),
                  .columns = {"model", "predictions", "mean confidence", "accuracy", "ECE", "mean ECE of the tables"}};
  for (size_t model = 0; model < index.num_models(); ++model) {
    const AverageSummary* average = index.average(model, shots);
    if (average == nullptr || average->reliability.empty()) continue;
    const Calibration all = calibration_of(average->reliability);
    if (all.rows == 0) continue;
    view.panels.push_back(reliability_panel(index, *average, shots));
    view.numbers.rows.push_back({{index.model_name(model)},
                                 {with_thousands(static_cast<long long>(all.rows))},
                                 {value_text(all.confidence / all.rows)},
                                 {value_text(all.correct / all.rows)},
                                 {value_text(expected_calibration_error(average->reliability))},
                                 {value_text(average->metrics[Metric::kEce].mean)}});
  }
  return view;
}

}  // namespace

Section reliability_section(const SummaryIndex& index) {
  Section section{.title = "Calibration"};
  Chart chart{.title = "Reliability diagrams",
              .description =
                  "Predictions in 15 bins by the probability of the predicted class (confidence), all tables together: "
                  "on the dashed line a model is right as often as it says, below it is too sure. Bars are the share "
                  "of the predictions in a bin; the expected calibration error (ECE) is the mean distance to the line.",
              .choices = {shots_choice(index)}};
  bool exists = false;
  for (const uint64_t shots : index.shots()) {
    chart.views.push_back(reliability_view(index, shots));
    exists |= !chart.views.back().panels.empty();
  }
  if (exists) section.blocks.emplace_back(std::move(chart));
  return section;
}

}  // namespace manyshot::report
