// The baselines for numbers: NumberMethods without weights, known by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "predict/number_predictor.h"
#include "predict/predictor.h"

namespace manyshot {

// The names of all of them, in the order in which users see them.
const std::vector<std::string>& number_baseline_names();
bool is_number_baseline(std::string_view name);

// `seed`: of whatever the baseline draws. REQUIRES: is_number_baseline(name).
std::unique_ptr<NumberMethod> open_number_baseline(std::string_view name, uint64_t seed);

// Throws Error(kUnsupported) for a method or model of classes, saying what predicts numbers.
[[noreturn]] void fail_of_classes(const std::string& name);

// `name` is kAuto (predict/auto_method.h), a baseline, or what resolve_model (predict/model_store.h) takes. Throws what
// fail_of_classes throws.
std::unique_ptr<NumberMethod> open_number_method(const std::string& name, const MethodOptions& options, uint64_t seed);

}  // namespace manyshot
