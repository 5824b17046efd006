// What predict_file does where the target is a number.
#pragma once

#include <functional>

#include "core/stopwatch.h"
#include "predict/predict_file.h"

namespace manyshot {

// Throws Error(kBadInput) for options that are about classes.
void check_number_options(const PredictOptions& options);

// `reading`: since the tables are being read. REQUIRES: train.is_number().
PredictReport predict_numbers(const PredictOptions& options, const TrainingTable& train, const Stopwatch& reading,
                              const std::function<void(const PredictedNumbers&)>& observe);

}  // namespace manyshot
