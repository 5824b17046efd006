#include "support/models/random_source.h"

#include <algorithm>
#include <cmath>

namespace manyshot {

RandomSource::RandomSource(const LanguageModelConfig& config, uint64_t seed) : config_(config) {
  const auto add = [&](const std::string& name, std::vector<uint64_t> shape, double mean, double scale) {
    tensors_.emplace(name, normal_tensor(Rng(seed), name, std::move(shape), mean, scale));
  };
  const auto D = static_cast<uint64_t>(config.hidden_size), I = static_cast<uint64_t>(config.intermediate_size),
             V = static_cast<uint64_t>(config.vocab_size),
             queries = static_cast<uint64_t>(config.num_attention_heads * config.head_dim),
             keys = static_cast<uint64_t>(config.num_key_value_heads * config.head_dim);
  const double scale = 1.5 / std::sqrt(static_cast<double>(D));
  add("model.embed_tokens.weight", {V, D}, 0, scale);  // tied: logits of a few nats
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".", self = prefix + "self_attn.";
    add(prefix + "input_layernorm.weight", {D}, 1, 0.2);
    add(prefix + "post_attention_layernorm.weight", {D}, 1, 0.2);
    for (const auto& [name, outputs] : {std::pair{"q_proj", queries}, {"k_proj", keys}, {"v_proj", keys}}) {
      add(self + name + ".weight", {outputs, D}, 0, scale);
      if (config.attention_bias) add(self + name + ".bias", {outputs}, 0, 0.5);
    }
    add(self + "o_proj.weight", {D, queries}, 0, scale);
    add(prefix + "mlp.gate_proj.weight", {I, D}, 0, scale);
    add(prefix + "mlp.up_proj.weight", {I, D}, 0, scale);
    add(prefix + "mlp.down_proj.weight", {D, I}, 0, scale);
  }
  add("model.norm.weight", {D}, 1, 0.2);
  if (!config.tie_word_embeddings) add("lm_head.weight", {V, D}, 0, scale);
}

void RandomSource::read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const {
  const RandomTensor& from = tensor(name);
  const uint64_t columns = from.shape.back();
  std::copy_n(from.values.data() + first_row * columns, num_rows * columns, out.data());
}

LanguageModelConfig small_llama() {
  LanguageModelConfig config;
  config.architecture = LanguageArchitecture::kLlama;
  config.vocab_size = 165;
  config.hidden_size = 64;
  config.intermediate_size = 72;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 16;
  config.max_position_embeddings = 512;
  config.rms_norm_eps = 1e-5;
  config.rope_theta = 1e4;
  config.tie_word_embeddings = true;
  return config;
}

LanguageModelConfig small_qwen2() {
  LanguageModelConfig config = small_llama();
  config.architecture = LanguageArchitecture::kQwen2;
  config.num_attention_heads = 6;
  config.num_key_value_heads = 1;
  config.tie_word_embeddings = false;
  config.attention_bias = true;
  config.rope_theta = 1e6;
  return config;
}

std::vector<TokenId> random_tokens(const LanguageModelConfig& config, size_t count, uint64_t seed) {
  const Rng rng = Rng(seed).child("tokens");
  std::vector<TokenId> tokens;
  for (size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<TokenId>(rng.below(i, static_cast<uint64_t>(config.vocab_size))));
  }
  return tokens;
}

}  // namespace manyshot
