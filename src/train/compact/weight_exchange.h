// Trained numbers as weights of a model folder, and back: numbers become a table, and the decay of the residual stream
// is folded into the matrices that write to it.
#pragma once

#include <span>
#include <vector>

#include "model/compact/weights.h"
#include "train/compact/network_shape.h"
#include "train/compact/parameters.h"

namespace manyshot::train {

// What a unit written to the residual stream at layer i is worth where nothing decays: decay^-(0 + 1 + … + i).
std::vector<float> output_scales(const NetworkShape& shape, double decay);

// Under their stock names, as src/model reads them. `number_features` as number_features.h has them.
Weights export_weights(const NetworkShape& shape, std::span<const float> scales,
                       const std::vector<float>& number_features, const CompactParameters& parameters);

// The other way round; the table of numbers becomes the nearest smooth function.
void import_weights(const Weights& weights, const NetworkShape& shape, std::span<const float> scales,
                    const std::vector<float>& number_features, CompactParameters& parameters);

}  // namespace manyshot::train
