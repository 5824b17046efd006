// Traces of a reliability diagram: confidence against accuracy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "evaluate/summary/metrics.h"

namespace manyshot::report {

// The expected calibration error of all predictions together (Guo et al. 2017, eq. 3); NaN without predictions.
double expected_calibration_error(const std::vector<ReliabilityBin>& bins);

// Accuracy over mean confidence of the bins that hold predictions, drawn as series k.
Json reliability_trace(const std::vector<ReliabilityBin>& bins, const std::string& name, size_t series);
// Bars: the share of all predictions in each bin.
Json share_trace(const std::vector<ReliabilityBin>& bins);
// From 0 to 1.
Json unit_axis(std::string_view title);

}  // namespace manyshot::report
