// Sizes and constants of a stack of Llama layers, under the names of a Hugging Face config.json.
#pragma once

namespace manyshot {

struct DecoderConfig {
  int vocab_size = 0;
  int hidden_size = 0;
  int intermediate_size = 0;
  int num_hidden_layers = 0;
  int num_attention_heads = 0;
  int num_key_value_heads = 0;
  int head_dim = 0;
  int max_position_embeddings = 0;
  double rms_norm_eps = 1e-6;
  double rope_theta = 1e4;
};

}  // namespace manyshot
