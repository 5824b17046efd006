#include "evaluate/report/reliability_plot.h"

#include <cmath>

#include "evaluate/report/summary_index.h"
#include "report/figure.h"

namespace manyshot::report {
namespace {

double count_rows(const std::vector<ReliabilityBin>& bins) {
  double rows = 0;
  for (const ReliabilityBin& bin : bins) rows += static_cast<double>(bin.rows);
  return rows;
}

}  // namespace

double expected_calibration_error(const std::vector<ReliabilityBin>& bins) {
  double gaps = 0;
  for (const ReliabilityBin& bin : bins) gaps += std::abs(static_cast<double>(bin.correct) - bin.confidence);
  const double rows = count_rows(bins);
  return rows > 0 ? gaps / rows : kNotAvailable;
}

Json reliability_trace(const std::vector<ReliabilityBin>& bins, const std::string& name, size_t series) {
  Json trace = line_trace(name, series), x = Json::array(), y = Json::array(), rows = Json::array();
  for (const ReliabilityBin& bin : bins) {
    if (bin.rows == 0) continue;
    x.push_back(figure_number(bin.confidence / static_cast<double>(bin.rows)));
    y.push_back(figure_number(static_cast<double>(bin.correct) / static_cast<double>(bin.rows)));
    rows.push_back(bin.rows);
  }
  trace["x"] = std::move(x);
  trace["y"] = std::move(y);
  trace["customdata"] = std::move(rows);
  trace["hovertemplate"] = "confidence %{x:.3f}, accuracy %{y:.3f}, %{customdata} predictions";
  return trace;
}

// How many predictions each bin holds, as a share of all.
Json share_trace(const std::vector<ReliabilityBin>& bins) {
  const double all = count_rows(bins), width = 1.0 / static_cast<double>(bins.size());
  Json x = Json::array(), y = Json::array();
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    x.push_back(figure_number((static_cast<double>(bin) + 0.5) * width));
    y.push_back(figure_number(static_cast<double>(bins[bin].rows) / all));
  }
  return {{"type", "bar"},
          {"showlegend", false},
          {"x", x},
          {"y", y},
          {"width", figure_number(width)},
          {"marker", {{"color", kGuideColour}, {"opacity", 0.35}}},
          {"hovertemplate", "%{y:.3f} of the predictions"}};
}

Json unit_axis(std::string_view title) {
  Json result = axis(title);
  result["range"] = {-0.02, 1.02};
  return result;
}

}  // namespace manyshot::report
