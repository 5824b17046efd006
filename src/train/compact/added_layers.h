// A compact model that shall become deeper (compact.added_layers, docs/formats/recipe.md).
#pragma once

#include <cstdint>

#include "model/compact/weights.h"

namespace manyshot::train {

// Puts `count` in-context layers behind the model's own. Their outputs are zero, so that the model answers as before
// until they are trained; all else in them is random, as in a fresh model.
void add_layers(int count, uint64_t seed, ModelConfig& config, Weights& weights);

}  // namespace manyshot::train
