// Shape and constants of a Llama or Qwen2 language model, from a Hugging Face config.json or from GGUF metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "encoding/prompt.h"
#include "model/decoder/config.h"

namespace manyshot {

enum class LanguageArchitecture { kLlama, kQwen2 };  // kQwen2: biases on the query, key and value projections

// Rotary frequency i of a head, which turns dimensions i and i + head_dim / 2, is theta^(-2i / head_dim), changed as
// `type` says.
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
  std::optional<double> attention_factor;  // kYarn: cosines and sines are multiplied by it; absent: 0.1 ln(factor) + 1
  double original_max_position_embeddings = 0;  // kLlama3, kYarn
  std::vector<float> frequency_factors;         // kFactors: [head_dim / 2], all above 0
};

struct LanguageModelConfig : DecoderConfig {
  LanguageArchitecture architecture = LanguageArchitecture::kLlama;
  RopeScaling rope_scaling;
  bool tie_word_embeddings = false;
  bool attention_bias = false;  // q, k, v biases (always for kQwen2)
  std::optional<TokenId> bos_token_id;
  std::vector<TokenId> eos_token_ids;
};

// Parses the text of config.json (LlamaForCausalLM or Qwen2ForCausalLM); `source` names it in messages. Keys that are
// absent have the defaults of transformers. Throws Error(kCorruptFile) when it is no JSON object or a value is missing
// or makes no sense, kUnsupported naming the architecture or option that this build cannot run.
LanguageModelConfig parse_language_model_config(std::string_view text, const std::string& source);

// Whether the sizes are within limits and fit each other, the scaling is complete and the special tokens exist. Throws
// Error(kCorruptFile) naming `source`, the key and its value.
void check_language_model_config(const LanguageModelConfig& config, const std::string& source);

std::string_view architecture_name(LanguageArchitecture architecture);  // "Llama", "Qwen2"

// Names and shapes of all tensors that a model of this config has, as transformers names them.
std::vector<std::pair<std::string, std::vector<uint64_t>>> language_model_tensors(const LanguageModelConfig& config);
uint64_t num_values(std::span<const uint64_t> shape);       // of a tensor
int64_t num_parameters(const LanguageModelConfig& config);  // values of all tensors

}  // namespace manyshot
