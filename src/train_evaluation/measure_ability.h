// General ability of a run's weights, by the measurements of `manyshot evaluate --knowledge --perplexity`.
#pragma once

#include <functional>
#include <string>

#include "core/json.h"
#include "model/device/device.h"
#include "train/recipe.h"

namespace manyshot::train {

// Throws Error(kNotFound, kBadInput) naming the file when questions, text or tables that the recipe wants to evaluate
// on do not exist or cannot be read, so that a run does not learn of it hours later.
void check_evaluation_files(const Recipe& recipe);

// A function for RunSetup::measure_ability; empty when the recipe names neither questions nor a text. It gives
// knowledge_accuracy with its standard error, knowledge_macro_accuracy (subjects count the same), knowledge_log_loss,
// perplexity, nats_per_token and bits_per_byte. `is_adapter`: the folder holds an adapter of recipe.model.base.
std::function<Json(const std::string& folder)> make_ability_measurement(const Recipe& recipe, bool is_adapter,
                                                                        const Device& device = {});

}  // namespace manyshot::train
