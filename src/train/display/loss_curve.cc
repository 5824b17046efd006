#include "train/display/loss_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace manyshot::train {
namespace {

constexpr double kWidth = 720, kHeight = 420, kLeft = 64, kRight = 16, kTop = 32, kBottom = 44;
constexpr int kGridLines = 5;
constexpr size_t kMaxPoints = 2000;  // of a line; more are thinned out

struct Axes {
  double max_step = 1, low = std::numeric_limits<double>::infinity(), high = -low;

  void include(const std::vector<CurvePoint>& points) {
    for (const CurvePoint& point : points) {
      max_step = std::max(max_step, point.step);
      low = std::min(low, point.loss);
      high = std::max(high, point.loss);
    }
  }
  double x(double step) const { return kLeft + step / max_step * (kWidth - kLeft - kRight); }
  double y(double loss) const { return kHeight - kBottom - (loss - low) / (high - low) * (kHeight - kTop - kBottom); }
};

std::vector<CurvePoint> finite(const std::vector<CurvePoint>& points) {
  std::vector<CurvePoint> kept;
  std::copy_if(points.begin(), points.end(), std::back_inserter(kept),
               [](const CurvePoint& point) { return std::isfinite(point.loss); });
  return kept;
}

std::string line(const Axes& axes, const std::vector<CurvePoint>& points, const char* style) {
  const size_t stride = points.size() / kMaxPoints + 1;
  std::string svg = fmt::format("<polyline fill=\"none\" {} points=\"", style);
  for (size_t i = 0; i < points.size(); i += stride) {
    svg += fmt::format("{:.1f},{:.1f} ", axes.x(points[i].step), axes.y(points[i].loss));
  }
  return svg + "\"/>\n";
}

std::string grid(const Axes& axes) {
  std::string svg;
  for (int i = 0; i <= kGridLines; ++i) {
    const double share = static_cast<double>(i) / kGridLines;
    const double loss = axes.low + share * (axes.high - axes.low), y = axes.y(loss);
    const double step = share * axes.max_step, x = axes.x(step);
    svg += fmt::format(
        "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>\n"
        "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5:.3g}</text>\n"
        "<text x=\"{6:.1f}\" y=\"{7}\" text-anchor=\"middle\">{8:.0f}</text>\n",
        kLeft, kWidth - kRight, y, kLeft - 8, y + 4, loss, x, kHeight - kBottom + 18, step);
  }
  return svg;
}

}  // namespace

std::vector<CurvePoint> smoothed(const std::vector<CurvePoint>& points) {
  const double weight = 1 / std::clamp(static_cast<double>(points.size()) / 50, 1.0, 200.0);
  std::vector<CurvePoint> smooth = points;
  for (size_t i = 1; i < smooth.size(); ++i) {
    smooth[i].loss = smooth[i - 1].loss + weight * (points[i].loss - smooth[i - 1].loss);
  }
  return smooth;
}

std::string loss_curve_svg(const LossCurve& curve) {
  const std::vector<CurvePoint> training = finite(curve.training), evaluation = finite(curve.evaluation);
  Axes axes;
  axes.include(training);
  axes.include(evaluation);
  if (!(axes.low < axes.high)) {  // no points, or all equal
    axes.low = std::isfinite(axes.low) ? axes.low - 0.5 : 0;
    axes.high = axes.low + 1;
  }
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{2}\" y=\"20\" font-size=\"14\">training loss, nats a supervised token</text>\n",
      kWidth, kHeight, kLeft);
  svg += grid(axes);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">step</text>\n", (kLeft + kWidth - kRight) / 2,
                     kHeight - 8);
  svg += line(axes, training, "stroke=\"#9ecae1\"");
  svg += line(axes, smoothed(training), "stroke=\"#08519c\" stroke-width=\"2\"");
  for (const CurvePoint& point : evaluation) {
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"#d94801\"><title>held-out loss {:.4f} at step "
        "{:.0f}</title></circle>\n",
        axes.x(point.step), axes.y(point.loss), point.loss, point.step);
  }
  return svg + "</svg>\n";
}

}  // namespace manyshot::train
