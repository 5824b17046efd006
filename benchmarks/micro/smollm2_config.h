// The shape of SmolLM2-135M.
#pragma once

#include "model/language/config.h"

namespace manyshot {

inline LanguageModelConfig smollm2_config() {
  LanguageModelConfig config;
  config.vocab_size = 49152;
  config.hidden_size = 576;
  config.intermediate_size = 1536;
  config.num_hidden_layers = 30;
  config.num_attention_heads = 9;
  config.num_key_value_heads = 3;
  config.head_dim = 64;
  config.max_position_embeddings = 8192;
  config.rms_norm_eps = 1e-5;
  config.rope_theta = 1e5;
  config.tie_word_embeddings = true;
  return config;
}

}  // namespace manyshot
