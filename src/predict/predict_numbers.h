// What predict_file does where the target is a number.
#pragma once

#include <functional>

#include "core/stopwatch.h"
#include "predict/predict_file.h"

namespace manyshot {

// `reading`: since the tables are being read. REQUIRES: train.is_number().
PredictReport predict_numbers(const PredictOptions& options, const TrainingTable& train, const FitStore& store,
                              const Stopwatch& reading, const std::function<void(const PredictedNumbers&)>& observe);

}  // namespace manyshot
