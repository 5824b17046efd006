#include "support/models/tiny_text_model.h"

#include "core/files.h"
#include "core/rng.h"
#include "support/golden_tokenizer.h"
#include "support/models/tiny_language_model.h"

namespace manyshot {
namespace {

LanguageModelConfig text_config(LanguageArchitecture architecture) {
  LanguageModelConfig config = tiny_language_config(architecture);
  config.vocab_size = 560;
  config.head_dim = 16;
  return config;
}

}  // namespace

void write_tiny_text_model(const std::string& folder, int context_window, LanguageArchitecture architecture) {
  LanguageModelConfig config = text_config(architecture);
  config.max_position_embeddings = context_window;
  Json json = hugging_face_config(config);
  json["head_dim"] = config.head_dim;
  write_file(folder + "/config.json", json.dump());
  write_file(folder + "/model.safetensors", safetensors_of(tiny_language_tensors(config)));
  write_file(folder + "/tokenizer.json", read_file(golden_path("smollm.json")));
  write_file(folder + "/tokenizer_config.json",
             R"({"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "add_bos_token": false})");
}

void write_tiny_adapter(const std::string& folder) {
  const LanguageModelConfig config = text_config(LanguageArchitecture::kLlama);
  const auto D = static_cast<uint64_t>(config.hidden_size), mlp = static_cast<uint64_t>(config.intermediate_size),
             queries = static_cast<uint64_t>(config.num_attention_heads * config.head_dim);
  std::vector<RandomTensor> tensors;
  const auto add = [&](const std::string& module, const char* matrix, uint64_t rows, uint64_t columns) {
    const std::string name = "base_model.model." + module + "." + matrix + ".weight";
    tensors.push_back(even_tensor(Rng(5), name, {rows, columns}, 512));
  };
  for (int layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer);
    add(prefix + ".self_attn.q_proj", "lora_A", 2, D);
    add(prefix + ".self_attn.q_proj", "lora_B", queries, 2);
    add(prefix + ".mlp.down_proj", "lora_A", 2, mlp);
    add(prefix + ".mlp.down_proj", "lora_B", D, 2);
  }
  write_file(folder + "/adapter_model.safetensors", safetensors_of(tensors));
  write_file(
      folder + "/adapter_config.json",
      R"({"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "use_rslora": false, "target_modules": ["q_proj", "down_proj"]})");
}

}  // namespace manyshot
