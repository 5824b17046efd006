#include "model/language/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "model/decoder/shape.h"

namespace manyshot {
namespace {

constexpr int kMaxSize = 1 << 24;  // of a width, a context or a vocabulary
constexpr int kMaxLayers = 4096, kMaxHeads = 4096, kMaxHeadDim = 4096;

class Checker {
 public:
  explicit Checker(const std::string& source) : source_(source) {}

  void size(const char* name, int value, int most) const {
    if (value < 1 || value > most) refuse(name, value, fmt::format("a whole number from 1 to {}", most));
  }
  void positive(const char* name, double value) const {
    if (!(value > 0) || !std::isfinite(value)) refuse(name, value, "a number above 0");
  }
  template <class Value>
  [[noreturn]] void refuse(const char* name, Value value, const std::string& expected) const {
    fail(ErrorKind::kCorruptFile, "{}: {} is {}; expected {}: use the model's own file", source_, name, value,
         expected);
  }

 private:
  const std::string& source_;
};

void check_rope_scaling(const RopeScaling& rope, int head_dim, const Checker& check) {
  using Type = RopeScaling::Type;
  if (rope.type == Type::kFactors) {
    if (rope.frequency_factors.size() != static_cast<size_t>(head_dim / 2)) {
      check.refuse("number of rotary frequency factors", rope.frequency_factors.size(),
                   fmt::format("{}, half of head_dim", head_dim / 2));
    }
    for (float factor : rope.frequency_factors) check.positive("rotary frequency factor", factor);
  }
  if (rope.type == Type::kNone || rope.type == Type::kFactors) return;
  check.positive("rope_scaling.factor", rope.factor);
  if (rope.type == Type::kLinear) return;
  check.positive("rope_scaling.original_max_position_embeddings", rope.original_max_position_embeddings);
  if (rope.type == Type::kLlama3) {
    check.positive("rope_scaling.low_freq_factor", rope.low_freq_factor);
    if (!(rope.high_freq_factor > rope.low_freq_factor)) {
      check.refuse("rope_scaling.high_freq_factor", rope.high_freq_factor, "a number above low_freq_factor");
    }
    return;
  }
  check.positive("rope_scaling.beta_slow", rope.beta_slow);
  check.positive("rope_scaling.beta_fast", rope.beta_fast);
  check.positive("rope_scaling.attention_factor", rope.attention_factor.value_or(1));
}

}  // namespace

void check_language_model_config(const LanguageModelConfig& config, const std::string& source) {
  const Checker check(source);
  check.size("vocab_size", config.vocab_size, kMaxSize);
  check.size("hidden_size", config.hidden_size, kMaxSize);
  check.size("intermediate_size", config.intermediate_size, kMaxSize);
  check.size("num_hidden_layers", config.num_hidden_layers, kMaxLayers);
  check.size("num_attention_heads", config.num_attention_heads, kMaxHeads);
  check.size("num_key_value_heads", config.num_key_value_heads, kMaxHeads);
  check.size("head_dim", config.head_dim, kMaxHeadDim);
  check.size("max_position_embeddings", config.max_position_embeddings, kMaxSize);
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    check.refuse("num_key_value_heads", config.num_key_value_heads,
                 fmt::format("a divisor of num_attention_heads {}", config.num_attention_heads));
  }
  if (config.head_dim % 2 != 0) check.refuse("head_dim", config.head_dim, "an even number");
  if (!(config.rms_norm_eps >= 0 && config.rms_norm_eps < 1)) {
    check.refuse("rms_norm_eps", config.rms_norm_eps, "a number from 0 to 1");
  }
  check.positive("rope_theta", config.rope_theta);
  check_rope_scaling(config.rope_scaling, config.head_dim, check);
  const auto check_token = [&](const char* name, TokenId token) {
    if (token < 0 || token >= config.vocab_size) {
      check.refuse(name, token, fmt::format("a token id below vocab_size {}", config.vocab_size));
    }
  };
  if (config.bos_token_id) check_token("bos_token_id", *config.bos_token_id);
  for (TokenId token : config.eos_token_ids) check_token("eos_token_id", token);
}

std::vector<std::pair<std::string, std::vector<uint64_t>>> language_model_tensors(const LanguageModelConfig& config) {
  const DecoderShape decoder(config);
  const uint64_t D = decoder.D, I = decoder.intermediate, V = config.vocab_size, queries = decoder.query_width(),
                 keys = decoder.key_width();
  std::vector<std::pair<std::string, std::vector<uint64_t>>> tensors = {{"model.embed_tokens.weight", {V, D}}};
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    const auto add = [&](const char* name, std::vector<uint64_t> shape) {
      tensors.emplace_back(fmt::format("model.layers.{}.{}", layer, name), std::move(shape));
    };
    add("input_layernorm.weight", {D});
    add("self_attn.q_proj.weight", {queries, D});
    add("self_attn.k_proj.weight", {keys, D});
    add("self_attn.v_proj.weight", {keys, D});
    if (config.attention_bias) {
      add("self_attn.q_proj.bias", {queries});
      add("self_attn.k_proj.bias", {keys});
      add("self_attn.v_proj.bias", {keys});
    }
    add("self_attn.o_proj.weight", {D, queries});
    add("post_attention_layernorm.weight", {D});
    add("mlp.gate_proj.weight", {I, D});
    add("mlp.up_proj.weight", {I, D});
    add("mlp.down_proj.weight", {D, I});
  }
  tensors.push_back({"model.norm.weight", {D}});
  if (!config.tie_word_embeddings) tensors.push_back({"lm_head.weight", {V, D}});
  return tensors;
}

std::string_view architecture_name(LanguageArchitecture architecture) {
  return architecture == LanguageArchitecture::kLlama ? "Llama" : "Qwen2";
}

uint64_t num_values(std::span<const uint64_t> shape) {
  uint64_t values = 1;
  for (const uint64_t size : shape) values *= size;
  return values;
}

int64_t num_parameters(const LanguageModelConfig& config) {
  uint64_t values = 0;
  for (const auto& [name, shape] : language_model_tensors(config)) values += num_values(shape);
  return static_cast<int64_t>(values);
}

}  // namespace manyshot
