// Shape and constants of a Llama or Qwen2 language model, from a Hugging Face config.json or from GGUF metadata.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "encoding/prompt.h"

namespace manyshot {

enum class LanguageArchitecture { kLlama, kQwen2 };  // kQwen2: biases on the query, key and value projections

// Rotary frequency i of a head, which turns dimensions i and i + head_dim / 2, is theta^(-2i / head_dim), changed as `type` says.
struct RopeScaling {
  enum class Type {
    kNone,
    kLinear,
    kLlama3,
    kYarn,
    kFactors,  // frequency i is divided by frequency_factors[i]: how GGUF stores kLlama3
  } type = Type::kNone;
  double factor = 1;
  double low_freq_factor = 1, high_freq_factor = 4;  // kLlama3
  double beta_fast = 32, beta_slow = 1;              // kYarn
  std::optional<double> attention_factor;            // kYarn; absent: 0.1 ln(factor) + 1
  double original_max_position_embeddings = 0;       // kLlama3, kYarn
  std::vector<float> frequency_factors;              // kFactors: [head_dim / 2], all above 0
};

struct LanguageModelConfig {
  LanguageArchitecture architecture = LanguageArchitecture::kLlama;
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
  RopeScaling rope_scaling;
  bool tie_word_embeddings = false;
  bool attention_bias = false;  // q, k, v biases (always for kQwen2)
  std::optional<TokenId> bos_token_id;
  std::vector<TokenId> eos_token_ids;
};

}  // namespace manyshot
