#include "train/compact/network_shape.h"

#include "core/error.h"
#include "model/compact/compact_prompt.h"

namespace manyshot::train {

using kernels::kPanelWidth;
using kernels::round_up;

namespace {

TokenRange one(TokenId token) { return {token, token}; }

}  // namespace

NetworkShape::NetworkShape(const ModelConfig& model_config)
    : DecoderShape(model_config),
      config(model_config),
      row_layers(static_cast<size_t>(config.row_layers)),
      num_labels(static_cast<size_t>(config.label_tokens.size())),
      num_columns(static_cast<size_t>(config.column_tokens.size())),
      num_codes(static_cast<size_t>(config.number_tokens.size())),
      smooth_tokens{config.number_tokens},
      plain_tokens{config.label_tokens, one(config.bar_token), config.column_tokens},
      rotations(row_rotations(config)),
      rotations_back(rotations.inverse()) {
  if (intermediate % kPanelWidth != 0) {
    fail(ErrorKind::kBadInput, "intermediate_size {} cannot be trained; expected a multiple of {}: use {}",
         intermediate, kPanelWidth, round_up(intermediate, kPanelWidth));
  }
  if (const auto& typed = config.typed) {
    smooth_tokens.insert(smooth_tokens.end(), {typed->rank_tokens, typed->target_tokens});
    plain_tokens.insert(plain_tokens.end(), {one(typed->missing_token), one(typed->unseen_token),
                                             typed->category_tokens, typed->share_tokens});
  }
  table_places.assign(static_cast<size_t>(config.vocab_size), -1);
  int32_t next = 0;
  for (const auto* part : {&smooth_tokens, &plain_tokens}) {
    for (const TokenRange& tokens : *part) {
      for (TokenId token = tokens.first; token <= tokens.last; ++token) {
        table_places[static_cast<size_t>(token)] = next++;
      }
    }
  }
  num_plain = static_cast<size_t>(next) - num_smooth();
}

}  // namespace manyshot::train
