// Charts of a quantity by the number of labelled rows, a line for each model.
#pragma once

#include <functional>
#include <string>

#include "evaluate/report/summary_index.h"

namespace manyshot::report {

// A quantity of one model at one number of shots; NaN where there is none.
struct CurvePoint {
  double value = kNotAvailable;
  Interval interval;
};

struct ShotCurves {
  std::string title;  // of the numbers
  std::function<CurvePoint(size_t model, uint64_t shots)> point;
  std::function<std::string(double)> write = value_text;  // a value in the numbers
  Json y_axis;
  bool has_whiskers = true;
  int height = 460;
};

// The chart, models with whiskers side by side, with its numbers: a row for each model, with the intervals beside the
// values.
ChartView shot_curves_view(const SummaryIndex& index, const ShotCurves& curves);

}  // namespace manyshot::report
