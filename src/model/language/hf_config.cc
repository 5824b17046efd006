// config.json of Llama and Qwen2 models, as transformers 4 and 5 write it.
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "model/files/config_json.h"
#include "model/language/config.h"

namespace manyshot {
namespace {

class Section : public ConfigSection {
 public:
  using ConfigSection::ConfigSection;

  // Without `otherwise` the key must be there.
  int integer(const char* key, std::optional<int> otherwise = std::nullopt) const {
    const Json* value = find(key);
    if (value == nullptr && otherwise) return *otherwise;
    const auto number = value == nullptr ? std::nullopt : as_integer(*value);
    if (!number) refuse(key, "a whole number");
    return *number;
  }
  double number(const char* key, std::optional<double> otherwise = std::nullopt) const {
    const Json* value = find(key);
    if (value == nullptr && otherwise) return *otherwise;
    if (value == nullptr || !value->is_number()) refuse(key, "a number");
    return value->get<double>();
  }
  bool flag(const char* key, bool otherwise) const {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) refuse(key, "true or false");
    return value->get<bool>();
  }
  std::string text(const char* key, const char* otherwise) const {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_string()) refuse(key, "a text");
    return value->get<std::string>();
  }
  // A number or a list of numbers.
  std::vector<TokenId> tokens(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr) return {};
    std::vector<TokenId> tokens;
    const Json list = value->is_array() ? *value : Json::array({*value});
    for (const Json& token : list) {
      const auto id = as_integer(token);
      if (!id) refuse(key, "a token id or a list of them");
      tokens.push_back(*id);
    }
    return tokens;
  }

 private:
  static std::optional<int> as_integer(const Json& value) {
    if (!value.is_number_integer()) return std::nullopt;
    if (value.is_number_unsigned() && value.get<uint64_t>() > std::numeric_limits<int>::max()) return std::nullopt;
    const int64_t number = value.get<int64_t>();
    if (number < 0 || number > std::numeric_limits<int>::max()) return std::nullopt;
    return static_cast<int>(number);
  }
};

LanguageArchitecture read_architecture(const Section& section) {
  constexpr const char* kSupported = "LlamaForCausalLM or Qwen2ForCausalLM";
  if (const Json* names = section.find("architectures")) {
    if (!names->is_array() || names->size() != 1) section.refuse("architectures", "a list of one name");
    if ((*names)[0] == "LlamaForCausalLM") return LanguageArchitecture::kLlama;
    if ((*names)[0] == "Qwen2ForCausalLM") return LanguageArchitecture::kQwen2;
    section.unsupported("architectures", kSupported);
  }
  const std::string model_type = section.text("model_type", "");
  if (model_type == "llama") return LanguageArchitecture::kLlama;
  if (model_type == "qwen2") return LanguageArchitecture::kQwen2;
  section.unsupported("model_type", "\"llama\" or \"qwen2\"");
}

// Qwen2 configs state a window also when it is not used, and may use it from some layer on.
void refuse_sliding_window(const Section& section, int num_hidden_layers) {
  if (const Json* types = section.find("layer_types"); types != nullptr && types->is_array()) {
    for (const Json& type : *types) {
      if (type != "full_attention") section.unsupported("layer_types", "full attention in every layer");
    }
  }
  const bool has_window = section.find("sliding_window") != nullptr && section.flag("use_sliding_window", false);
  if (has_window && section.integer("max_window_layers", 0) < num_hidden_layers) {
    section.unsupported("use_sliding_window", "full attention in every layer (use_sliding_window false)");
  }
}

// The temperature of Peng et al. 2023, "YaRN", arXiv 2309.00071, equation 22, with DeepSeek's multiplier.
double yarn_mscale(double factor, double multiplier) {
  return factor <= 1 ? 1.0 : 0.1 * multiplier * std::log(factor) + 1;
}

void read_yarn(const Section& section, int max_position_embeddings, RopeScaling& rope) {
  rope.original_max_position_embeddings =
      section.number("original_max_position_embeddings", static_cast<double>(max_position_embeddings));
  rope.factor = section.number("factor", max_position_embeddings / rope.original_max_position_embeddings);
  rope.beta_fast = section.number("beta_fast", rope.beta_fast);
  rope.beta_slow = section.number("beta_slow", rope.beta_slow);
  if (section.find("attention_factor") != nullptr) {
    rope.attention_factor = section.number("attention_factor");
  } else if (section.find("mscale") != nullptr && section.find("mscale_all_dim") != nullptr) {
    rope.attention_factor =
        yarn_mscale(rope.factor, section.number("mscale")) / yarn_mscale(rope.factor, section.number("mscale_all_dim"));
  }
  if (!section.flag("truncate", true)) section.unsupported("truncate", "YaRN corrections rounded to whole dimensions");
}

RopeScaling read_rope_scaling(const Section& section, int max_position_embeddings) {
  RopeScaling rope;
  const char* key = section.find("rope_type") != nullptr ? "rope_type" : "type";
  const std::string type = section.text(key, "default");
  if (type == "default") return rope;
  if (type == "linear") {
    rope.type = RopeScaling::Type::kLinear;
    rope.factor = section.number("factor");
  } else if (type == "llama3") {
    rope.type = RopeScaling::Type::kLlama3;
    rope.factor = section.number("factor");
    rope.low_freq_factor = section.number("low_freq_factor");
    rope.high_freq_factor = section.number("high_freq_factor");
    rope.original_max_position_embeddings = section.number("original_max_position_embeddings");
  } else if (type == "yarn") {
    rope.type = RopeScaling::Type::kYarn;
    read_yarn(section, max_position_embeddings, rope);
  } else {
    section.unsupported(key, "default, linear, llama3 or yarn rotary scaling");
  }
  return rope;
}

// transformers 5 writes all of it into "rope_parameters"; before, "rope_theta" and "rope_scaling" stood side by side.
void read_rope(const Section& section, LanguageModelConfig& config) {
  config.rope_theta = section.number("rope_theta", config.rope_theta);
  for (const char* key : {"rope_parameters", "rope_scaling"}) {
    const Json* object = section.find(key);
    if (object == nullptr) continue;
    if (!object->is_object()) section.refuse(key, "an object");
    const Section rope(*object, section.source(), std::string(key) + ".");
    config.rope_theta = rope.number("rope_theta", config.rope_theta);
    config.rope_scaling = read_rope_scaling(rope, config.max_position_embeddings);
    if (rope.number("partial_rotary_factor", 1.0) != 1) {
      rope.unsupported("partial_rotary_factor", "rotary positions in all dimensions of a head");
    }
    return;
  }
}

void refuse_unsupported(const Section& section, int num_hidden_layers) {
  if (section.find("quantization_config") != nullptr) {
    section.unsupported("quantization_config", "F32, BF16 or F16 weights; quantised ones come as GGUF files");
  }
  if (section.text("hidden_act", "silu") != "silu") section.unsupported("hidden_act", "\"silu\"");
  if (section.flag("mlp_bias", false)) section.unsupported("mlp_bias", "no biases in the MLP");
  if (section.number("partial_rotary_factor", 1.0) != 1) {
    section.unsupported("partial_rotary_factor", "rotary positions in all dimensions of a head");
  }
  refuse_sliding_window(section, num_hidden_layers);
}

}  // namespace

LanguageModelConfig parse_language_model_config(std::string_view text, const std::string& source) {
  const Json json = parse_config_json(text, source);
  const Section section(json, source);
  LanguageModelConfig config;
  config.architecture = read_architecture(section);
  const bool is_qwen2 = config.architecture == LanguageArchitecture::kQwen2;
  config.vocab_size = section.integer("vocab_size");
  config.hidden_size = section.integer("hidden_size");
  config.intermediate_size = section.integer("intermediate_size");
  config.num_hidden_layers = section.integer("num_hidden_layers");
  config.num_attention_heads = section.integer("num_attention_heads");
  config.num_key_value_heads = section.integer("num_key_value_heads", config.num_attention_heads);
  if (config.num_attention_heads < 1) section.refuse("num_attention_heads", "a whole number above 0");
  config.head_dim = section.integer("head_dim", config.hidden_size / config.num_attention_heads);
  config.max_position_embeddings = section.integer("max_position_embeddings", is_qwen2 ? 32768 : 2048);
  config.rms_norm_eps = section.number("rms_norm_eps", config.rms_norm_eps);
  config.tie_word_embeddings = section.flag("tie_word_embeddings", false);
  config.attention_bias = is_qwen2 || section.flag("attention_bias", false);
  if (const auto tokens = section.tokens("bos_token_id"); !tokens.empty()) config.bos_token_id = tokens.front();
  config.eos_token_ids = section.tokens("eos_token_id");
  read_rope(section, config);
  refuse_unsupported(section, config.num_hidden_layers);
  check_language_model_config(config, source);
  return config;
}

}  // namespace manyshot
