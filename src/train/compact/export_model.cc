#include "train/compact/export_model.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "kernels/bfloat16.h"
#include "model/files/safetensors.h"

namespace manyshot {

using kernels::BFloat16;

namespace {

// Tensors under their names; keeps the bytes they are written from.
class TensorList {
 public:
  explicit TensorList(DType dtype) : is_bf16_(dtype == DType::kBFloat16) {}

  void add_norm(std::string name, const std::vector<float>& values) {
    tensors_.push_back({std::move(name), TensorType::kF32, {values.size()}, std::as_bytes(std::span(values))});
  }
  void add_matrix(std::string name, uint64_t rows, const std::vector<float>& values) {
    const std::vector<uint64_t> shape{rows, values.size() / rows};
    if (!is_bf16_) {
      tensors_.push_back({std::move(name), TensorType::kF32, shape, std::as_bytes(std::span(values))});
      return;
    }
    rounded_.emplace_back(values.begin(), values.end());
    tensors_.push_back({std::move(name), TensorType::kBF16, shape, std::as_bytes(std::span(rounded_.back()))});
  }
  std::string bytes() const { return write_safetensors(tensors_); }

 private:
  bool is_bf16_;
  std::vector<NamedTensor> tensors_;
  std::vector<std::vector<BFloat16>> rounded_;  // moving the outer vector's elements keeps their bytes in place
};

}  // namespace

std::string model_config_json(const ModelConfig& config, DType dtype) {
  const auto range = [](const TokenRange& tokens) { return Json{tokens.first, tokens.last}; };
  Json json;
  json["architectures"] = Json{"LlamaForCausalLM"};
  json["model_type"] = "llama";
  json["vocab_size"] = config.vocab_size;
  json["hidden_size"] = config.hidden_size;
  json["intermediate_size"] = config.intermediate_size;
  json["num_hidden_layers"] = config.num_hidden_layers;
  json["num_attention_heads"] = config.num_attention_heads;
  json["num_key_value_heads"] = config.num_key_value_heads;
  json["head_dim"] = config.head_dim;
  json["hidden_act"] = "silu";
  json["rms_norm_eps"] = config.rms_norm_eps;
  json["rope_theta"] = config.rope_theta;
  json["max_position_embeddings"] = config.max_position_embeddings;
  json["tie_word_embeddings"] = true;
  json["attention_bias"] = false;
  json["mlp_bias"] = false;
  json["torch_dtype"] = dtype == DType::kBFloat16 ? "bfloat16" : "float32";
  Json& compact = json["manyshot"];
  compact["format"] = "compact";
  compact["row_layers"] = config.row_layers;
  compact["max_classes"] = config.label_tokens.size();
  compact["trained_features"] = config.trained_features;
  compact["trained_shots"] = config.trained_shots;
  compact["max_shots"] = config.max_shots;
  compact["number_tokens"] = range(config.number_tokens);
  compact["label_tokens"] = range(config.label_tokens);
  compact["bar_token"] = config.bar_token;
  compact["column_tokens"] = range(config.column_tokens);
  compact["column_embedding"] = "added";
  return json.dump(1) + "\n";
}

void write_compact_model(const std::string& folder, const ModelConfig& config, const Weights& weights, DType dtype) {
  TensorList tensors(dtype);
  const auto D = static_cast<uint64_t>(config.hidden_size), I = static_cast<uint64_t>(config.intermediate_size);
  const uint64_t queries = uint64_t(config.num_attention_heads) * config.head_dim;
  const uint64_t keys = uint64_t(config.num_key_value_heads) * config.head_dim;
  tensors.add_matrix("model.embed_tokens.weight", static_cast<uint64_t>(config.vocab_size), weights.embedding);
  tensors.add_norm("model.norm.weight", weights.final_norm);
  for (size_t number = 0; number < weights.layers.size(); ++number) {
    const LayerWeights& layer = weights.layers[number];
    const std::string prefix = "model.layers." + std::to_string(number) + ".";
    tensors.add_norm(prefix + "input_layernorm.weight", layer.input_norm);
    tensors.add_norm(prefix + "post_attention_layernorm.weight", layer.post_attention_norm);
    tensors.add_matrix(prefix + "self_attn.q_proj.weight", queries, layer.q_proj);
    tensors.add_matrix(prefix + "self_attn.k_proj.weight", keys, layer.k_proj);
    tensors.add_matrix(prefix + "self_attn.v_proj.weight", keys, layer.v_proj);
    tensors.add_matrix(prefix + "self_attn.o_proj.weight", D, layer.o_proj);
    tensors.add_matrix(prefix + "mlp.gate_proj.weight", I, layer.gate_proj);
    tensors.add_matrix(prefix + "mlp.up_proj.weight", I, layer.up_proj);
    tensors.add_matrix(prefix + "mlp.down_proj.weight", D, layer.down_proj);
  }
  std::filesystem::create_directories(folder);
  const std::filesystem::path path(folder);
  write_file((path / "model.safetensors").string(), tensors.bytes());
  write_file((path / "config.json").string(), model_config_json(config, dtype));
}

}  // namespace manyshot
