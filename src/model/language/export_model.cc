#include "model/language/export_model.h"

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/progress.h"
#include "model/files/gguf_quantize.h"
#include "model/files/row_chunks.h"
#include "model/files/safetensors_writer.h"
#include "model/files/tokenizer_files.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxJsonBytes = 64 << 20;

const char* torch_dtype(GgmlType type) {
  return type == GgmlType::kF32 ? "float32" : type == GgmlType::kF16 ? "float16" : "bfloat16";
}

Json rope_scaling_json(const LanguageModelConfig& config) {
  const RopeScaling& rope = config.rope_scaling;
  switch (rope.type) {
    case RopeScaling::Type::kNone:
      return nullptr;
    case RopeScaling::Type::kLinear:
      return {{"rope_type", "linear"}, {"factor", rope.factor}};
    case RopeScaling::Type::kLlama3:
      return {{"rope_type", "llama3"},
              {"factor", rope.factor},
              {"low_freq_factor", rope.low_freq_factor},
              {"high_freq_factor", rope.high_freq_factor},
              {"original_max_position_embeddings", static_cast<int64_t>(rope.original_max_position_embeddings)}};
    case RopeScaling::Type::kYarn: {
      Json yarn = {{"rope_type", "yarn"},
                   {"factor", rope.factor},
                   {"original_max_position_embeddings", static_cast<int64_t>(rope.original_max_position_embeddings)},
                   {"beta_fast", rope.beta_fast},
                   {"beta_slow", rope.beta_slow}};
      if (rope.attention_factor) yarn["attention_factor"] = *rope.attention_factor;
      return yarn;
    }
    case RopeScaling::Type::kFactors:
      break;
  }
  fail(ErrorKind::kUnsupported,
       "this GGUF file stores its rotary scaling as factors, which config.json cannot say; start from the model's "
       "Hugging Face folder, or export to gguf");
}

// What a Hugging Face folder holds besides weights and config.json.
void copy_tokenizer(const std::string& tokenizer_path, const std::string& folder) {
  if (!fs::is_directory(tokenizer_path)) return write_tokenizer_files(read_tokenizer(tokenizer_path), folder);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
                           "generation_config.json", "vocab.json", "merges.txt", "manyshot_prompt.json"}) {
    const fs::path from = fs::path(tokenizer_path) / name;
    if (fs::exists(from)) write_file((fs::path(folder) / name).string(), read_file(from.string()));
  }
}

// The base's own config.json where there is one, since it may say more than we know.
std::string config_text(const TensorSource& source, GgmlType type) {
  const fs::path own = fs::path(source.path()) / "config.json";
  if (!fs::exists(own)) return hugging_face_config_text(source.config(), type);
  Json json = Json::parse(read_file(own.string(), kMaxJsonBytes));
  json.erase("dtype");
  json["torch_dtype"] = torch_dtype(type);
  json.erase("_name_or_path");                                        // the weights may not be those any more
  json["tie_word_embeddings"] = source.config().tie_word_embeddings;  // as the weights have it
  return json.dump(2) + "\n";
}

}  // namespace

TensorType safetensors_type(GgmlType type) {
  if (type == GgmlType::kF32) return TensorType::kF32;
  if (type == GgmlType::kF16) return TensorType::kF16;
  if (type == GgmlType::kBF16) return TensorType::kBF16;
  fail(ErrorKind::kUnsupported, "safetensors files hold float32, float16 or bfloat16; for {} export to gguf",
       ggml_layout(type).name);
}

std::string hugging_face_config_text(const LanguageModelConfig& config, GgmlType type) {
  const bool is_llama = config.architecture == LanguageArchitecture::kLlama;
  Json json = {{"architectures", {is_llama ? "LlamaForCausalLM" : "Qwen2ForCausalLM"}},
               {"model_type", is_llama ? "llama" : "qwen2"},
               {"vocab_size", config.vocab_size},
               {"hidden_size", config.hidden_size},
               {"intermediate_size", config.intermediate_size},
               {"num_hidden_layers", config.num_hidden_layers},
               {"num_attention_heads", config.num_attention_heads},
               {"num_key_value_heads", config.num_key_value_heads},
               {"head_dim", config.head_dim},
               {"hidden_act", "silu"},
               {"max_position_embeddings", config.max_position_embeddings},
               {"rms_norm_eps", config.rms_norm_eps},
               {"rope_theta", config.rope_theta},
               {"rope_scaling", rope_scaling_json(config)},
               {"tie_word_embeddings", config.tie_word_embeddings},
               {"torch_dtype", torch_dtype(type)},
               {"use_cache", true}};
  if (is_llama) json["attention_bias"] = config.attention_bias;
  if (config.bos_token_id) json["bos_token_id"] = *config.bos_token_id;
  if (config.eos_token_ids.size() == 1) json["eos_token_id"] = config.eos_token_ids.front();
  if (config.eos_token_ids.size() > 1) json["eos_token_id"] = config.eos_token_ids;
  return json.dump(2) + "\n";
}

void write_hugging_face_folder(const TensorSource& source, const std::string& tokenizer_path, GgmlType type,
                               const std::string& folder) {
  make_folder(folder);
  const std::string config = config_text(source, type);
  std::vector<TensorEntry> entries;
  for (const auto& [name, shape] : language_model_tensors(source.config())) {
    entries.push_back({name, safetensors_type(type), shape});
  }
  SafetensorsWriter file((fs::path(folder) / "model.safetensors").string(), entries);
  Progress progress("write", entries.size(), "tensors");
  std::vector<float> values;
  std::vector<std::byte> stored;
  for (const TensorEntry& tensor : entries) {
    for_row_chunks(tensor.shape, [&](uint64_t first, uint64_t count) {
      values.resize(count * columns_of(tensor.shape));
      source.read_rows(tensor.name, first, count, values);
      stored.clear();
      quantize(type, values, stored);
      file.write(stored);
    });
    progress.add();
  }
  copy_tokenizer(tokenizer_path, folder);
  write_file((fs::path(folder) / "config.json").string(), config);
  file.commit();
}

}  // namespace manyshot
