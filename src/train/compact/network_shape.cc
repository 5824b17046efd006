#include "train/compact/network_shape.h"

#include "core/error.h"
#include "model/compact/compact_prompt.h"

namespace manyshot::train {

using kernels::kPanelWidth;
using kernels::round_up;

NetworkShape::NetworkShape(const ModelConfig& model_config)
    : DecoderShape(model_config),
      config(model_config),
      row_layers(static_cast<size_t>(config.row_layers)),
      num_labels(static_cast<size_t>(config.label_tokens.size())),
      num_columns(static_cast<size_t>(config.column_tokens.size())),
      num_codes(static_cast<size_t>(config.number_tokens.size())),
      rotations(row_rotations(config)),
      rotations_back(rotations.inverse()) {
  if (intermediate % kPanelWidth != 0) {
    fail(ErrorKind::kBadInput, "intermediate_size {} cannot be trained; expected a multiple of {}: use {}",
         intermediate, kPanelWidth, round_up(intermediate, kPanelWidth));
  }
}

}  // namespace manyshot::train
