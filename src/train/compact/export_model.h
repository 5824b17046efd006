// Writes a trained `compact` network as a folder that src/model opens (docs/formats/weights.md): config.json and
// model.safetensors under stock Llama names.
#pragma once

#include <string>

#include "model/compact/config.h"
#include "model/compact/weights.h"
#include "model/dtype.h"
#include "model/model.h"

namespace manyshot {

// config.json: the inverse of parse_model_config().
std::string model_config_json(const ModelConfig& config, DType dtype);

// Creates `folder`. Matrices are of type `dtype`, norms f32. Throws what creating and writing files throws.
void write_compact_model(const std::string& folder, const ModelConfig& config, const Weights& weights, DType dtype);

}  // namespace manyshot
