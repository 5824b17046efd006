// The picture of a training run: loss over steps, as LLaMA-Factory's training_loss.png, but as SVG.
#pragma once

#include <string>
#include <vector>

namespace manyshot::train {

struct CurvePoint {
  double step = 0, loss = 0;
};

struct LossCurve {
  std::vector<CurvePoint> training, evaluation;
};

// Exponential moving average over about a fiftieth of the points.
std::vector<CurvePoint> smoothed(const std::vector<CurvePoint>& points);

// Each step's loss in pale, their moving average in full, evaluations as dots. Points that are not finite are left out.
std::string loss_curve_svg(const LossCurve& curve);

}  // namespace manyshot::train
