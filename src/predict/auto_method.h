// `--model auto`: the default model alone, the same with the columns of trees in its prompt, and the trees themselves,
// averaged with weights that their honest predictions of the labelled rows decide (docs/auto.md).
#pragma once

#include <memory>
#include <string_view>

#include "predict/predictor.h"

namespace manyshot {

inline constexpr std::string_view kAuto = "auto";
inline constexpr std::string_view kAutoStudent = "default";  // the model whose members auto averages

// Labelled rows: any number, all of which the trees see. Members that cannot follow a task (too many classes) count
// nothing. Throws Error(kBadInput) for options that auto decides itself, and what loading the model throws.
std::unique_ptr<Method> open_auto_method(const MethodOptions& options, uint64_t seed);

}  // namespace manyshot
