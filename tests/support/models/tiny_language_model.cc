#include "support/models/tiny_language_model.h"

#include <algorithm>
#include <map>

#include "core/rng.h"
#include "model/language/export_model.h"

namespace manyshot {
namespace {

const std::map<std::string, std::string>& gguf_names() {
  static const std::map<std::string, std::string> names = {
      {"model.embed_tokens", "token_embd"},
      {"model.norm", "output_norm"},
      {"lm_head", "output"},
      {"input_layernorm", "attn_norm"},
      {"self_attn.q_proj", "attn_q"},
      {"self_attn.k_proj", "attn_k"},
      {"self_attn.v_proj", "attn_v"},
      {"self_attn.o_proj", "attn_output"},
      {"mlp.gate_proj", "ffn_gate"},
      {"mlp.up_proj", "ffn_up"},
      {"mlp.down_proj", "ffn_down"},
      {"post_attention_layernorm", "ffn_norm"},
  };
  return names;
}

std::string gguf_name(const std::string& name) {
  const std::string layers = "model.layers.";
  const size_t kind = name.rfind('.');  // before "weight" or "bias"
  if (!name.starts_with(layers)) return gguf_names().at(name.substr(0, kind)) + name.substr(kind);
  const size_t part = name.find('.', layers.size()) + 1;
  return "blk." + name.substr(layers.size(), part - layers.size()) + gguf_names().at(name.substr(part, kind - part)) +
         name.substr(kind);
}

// What converters do to q and k of Llama models: reshape to [heads, 2, head_dim / 2, columns], swap the middle two.
std::vector<float> interleave(const RandomTensor& tensor, int head_dim) {
  const size_t columns = tensor.shape.size() == 2 ? tensor.shape[1] : 1, half = static_cast<size_t>(head_dim) / 2;
  const size_t heads = tensor.shape[0] / static_cast<size_t>(head_dim);
  std::vector<float> values;
  for (size_t head = 0; head < heads; ++head) {
    for (size_t i = 0; i < half; ++i) {
      for (size_t side = 0; side < 2; ++side) {
        const auto row = tensor.values.begin() + static_cast<std::ptrdiff_t>(((head * 2 + side) * half + i) * columns);
        values.insert(values.end(), row, row + static_cast<std::ptrdiff_t>(columns));
      }
    }
  }
  return values;
}

}  // namespace

LanguageModelConfig tiny_language_config(LanguageArchitecture architecture) {
  LanguageModelConfig config;
  config.architecture = architecture;
  config.vocab_size = 50;
  config.hidden_size = 32;
  config.intermediate_size = 48;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.num_key_value_heads = 2;
  config.head_dim = 8;
  config.max_position_embeddings = 64;
  config.rms_norm_eps = 1e-5;
  config.rope_theta = 5e5;
  config.tie_word_embeddings = architecture == LanguageArchitecture::kQwen2;
  config.attention_bias = architecture == LanguageArchitecture::kQwen2;
  config.bos_token_id = 1;
  config.eos_token_ids = {2};
  return config;
}

std::vector<RandomTensor> tiny_language_tensors(const LanguageModelConfig& config) {
  const Rng rng(11);
  std::vector<RandomTensor> tensors;
  for (const auto& [name, shape] : language_model_tensors(config)) {
    tensors.push_back(even_tensor(rng, name, shape, 256));
  }
  return tensors;
}

Json hugging_face_config(const LanguageModelConfig& config) {
  Json json = Json::parse(hugging_face_config_text(config, GgmlType::kBF16));
  for (const char* key : {"head_dim", "rope_scaling", "attention_bias"}) json.erase(key);
  return json;
}

GgufWriter gguf_metadata(const LanguageModelConfig& config) {
  const std::string prefix = config.architecture == LanguageArchitecture::kLlama ? "llama" : "qwen2";
  GgufWriter writer;
  writer.add_text("general.architecture", prefix);
  const auto add = [&](const char* key, int value) {
    writer.add_u32(prefix + "." + key, static_cast<uint32_t>(value));
  };
  add("vocab_size", config.vocab_size);
  add("embedding_length", config.hidden_size);
  add("feed_forward_length", config.intermediate_size);
  add("block_count", config.num_hidden_layers);
  add("attention.head_count", config.num_attention_heads);
  add("attention.head_count_kv", config.num_key_value_heads);
  add("rope.dimension_count", config.head_dim);
  add("context_length", config.max_position_embeddings);
  writer.add_f32(prefix + ".attention.layer_norm_rms_epsilon", static_cast<float>(config.rms_norm_eps));
  writer.add_f32(prefix + ".rope.freq_base", static_cast<float>(config.rope_theta));
  writer.add_u32("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(*config.bos_token_id));
  writer.add_u32("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(config.eos_token_ids.front()));
  return writer;
}

GgufWriter gguf_of(const LanguageModelConfig& config, const std::vector<RandomTensor>& tensors) {
  GgufWriter writer = gguf_metadata(config);
  for (const RandomTensor& tensor : tensors) {
    const bool is_rotary =
        tensor.name.find("q_proj") != std::string::npos || tensor.name.find("k_proj") != std::string::npos;
    const bool interleaved = is_rotary && config.architecture == LanguageArchitecture::kLlama;
    writer.add_f32_tensor(gguf_name(tensor.name), tensor.shape,
                          interleaved ? interleave(tensor, config.head_dim) : tensor.values);
  }
  return writer;
}

std::vector<float> read_whole(const TensorSource& source, const std::string& name) {
  const std::vector<uint64_t> shape = source.shape(name);
  const uint64_t rows = shape.size() == 2 ? shape[0] : 1;
  std::vector<float> values(rows * shape.back());
  source.read_rows(name, 0, rows, values);
  return values;
}

}  // namespace manyshot
