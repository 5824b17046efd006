// The baselines: Methods without weights, known by name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "predict/predictor.h"

namespace manyshot {

// The names of all baselines, in the order in which users see them.
const std::vector<std::string>& baseline_names();
bool is_baseline(std::string_view name);

// `seed`: of whatever the baseline draws. REQUIRES: is_baseline(name).
std::unique_ptr<Method> open_baseline(std::string_view name, uint64_t seed);

}  // namespace manyshot
