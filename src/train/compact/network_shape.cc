#include "train/compact/network_shape.h"

#include <cmath>

#include "core/error.h"
#include "kernels/gemm.h"

namespace manyshot {

using kernels::kPanelWidth;
using kernels::round_up;

NetworkShape::NetworkShape(const ModelConfig& model_config)
    : config(model_config),
      attention{size_t(config.num_attention_heads), size_t(config.num_key_value_heads), size_t(config.head_dim)},
      D(static_cast<size_t>(config.hidden_size)),
      intermediate(static_cast<size_t>(config.intermediate_size)),
      qkv_width(attention.query_width() + 2 * attention.key_width()),
      num_layers(static_cast<size_t>(config.num_hidden_layers)),
      row_layers(static_cast<size_t>(config.row_layers)),
      num_labels(static_cast<size_t>(config.label_tokens.size())),
      num_columns(static_cast<size_t>(config.column_tokens.size())),
      num_codes(static_cast<size_t>(config.number_tokens.size())),
      epsilon(static_cast<float>(config.rms_norm_eps)),
      query_scale(1.0f / std::sqrt(static_cast<float>(config.head_dim))) {
  if (intermediate % kPanelWidth != 0) {
    fail(ErrorKind::kBadInput, "intermediate_size {} cannot be trained; expected a multiple of {}: use {}",
         intermediate, kPanelWidth, round_up(intermediate, kPanelWidth));
  }
  const size_t half = attention.head_dim / 2;
  for (size_t position = 0; position < num_columns + 2; ++position) {
    for (size_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(position) *
                           std::pow(config.rope_theta, -static_cast<double>(i) / static_cast<double>(half));
      cosines_.push_back(static_cast<float>(std::cos(angle)));
      sines_.push_back(static_cast<float>(std::sin(angle)));
      negated_sines_.push_back(-sines_.back());
    }
  }
  rotation = {cosines_.data(), sines_.data(), attention.head_dim};
  rotation_back = {cosines_.data(), negated_sines_.data(), attention.head_dim};
}

}  // namespace manyshot
