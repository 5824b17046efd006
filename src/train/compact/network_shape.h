// Sizes of a `compact` network in training, and what they alone determine.
#pragma once

#include <cstddef>

#include "model/compact/config.h"
#include "model/decoder/rotation_table.h"
#include "model/decoder/shape.h"

namespace manyshot::train {

struct NetworkShape : DecoderShape {
  // Throws Error(kBadInput) for an intermediate_size that is no multiple of 16, which the kernels need.
  explicit NetworkShape(const ModelConfig& model_config);

  ModelConfig config;
  size_t row_layers;
  size_t num_labels, num_columns, num_codes;
  RotationTable rotations, rotations_back;  // of a row's positions; the gradient turns the other way
};

}  // namespace manyshot::train
