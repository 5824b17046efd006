// A `compact` model on disk: config.json and model.safetensors (docs/formats/weights.md).
#pragma once

#include <string>

#include "model/compact/config.h"
#include "model/compact/weights.h"

namespace manyshot {

struct CompactFolder {
  ModelConfig config;
  Weights weights;
};

// Throws Error(kNotFound) without such files, and what parse_model_config() and read_weights() throw.
CompactFolder read_compact_folder(const std::string& folder);

// Creates `folder`. Matrices are of type `dtype`, norms f32. Throws what creating and writing files throws.
void write_compact_folder(const std::string& folder, const ModelConfig& config, const Weights& weights, DType dtype);

}  // namespace manyshot
