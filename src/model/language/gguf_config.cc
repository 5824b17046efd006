#include "model/language/gguf_config.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

// Metadata under the architecture's name: "llama.block_count".
class ArchitectureKeys {
 public:
  ArchitectureKeys(const GgufFile& file, std::string_view architecture) : file_(file), prefix_(architecture) {}

  std::string full(const char* key) const { return fmt::format("{}.{}", prefix_, key); }

  std::optional<int> find_size(const char* key) const {
    const auto value = file_.find_unsigned(full(key));
    if (!value) return std::nullopt;
    if (*value > static_cast<uint64_t>(std::numeric_limits<int>::max())) {
      fail(ErrorKind::kCorruptFile, "{}: metadata \"{}\" is {}, too large for any model; convert the model again",
           file_.source(), full(key), *value);
    }
    return static_cast<int>(*value);
  }
  int size(const char* key) const {
    const auto value = find_size(key);
    if (!value) missing(full(key));
    return *value;
  }
  double number(const char* key, double otherwise) const { return file_.find_number(full(key)).value_or(otherwise); }
  std::optional<double> find_number(const char* key) const { return file_.find_number(full(key)); }
  std::string text(const char* key, std::string_view otherwise) const {
    return std::string(file_.find_text(full(key)).value_or(otherwise));
  }
  [[noreturn]] void unsupported(const char* key, const std::string& value, const char* supported) const {
    fail(ErrorKind::kUnsupported, "{}: \"{}\" is {}; this build runs models with {}", file_.source(), full(key),
         excerpt(value), supported);
  }
  [[noreturn]] void missing(const std::string& key) const {
    fail(ErrorKind::kCorruptFile, "{}: metadata \"{}\" is missing; convert the model again", file_.source(), key);
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

const GgufTensor* find_tensor(const GgufFile& file, std::string_view name) {
  const auto found = std::find_if(file.tensors().begin(), file.tensors().end(),
                                  [&](const GgufTensor& tensor) { return tensor.name == name; });
  return found == file.tensors().end() ? nullptr : &*found;
}

LanguageArchitecture read_architecture(const GgufFile& file) {
  const auto name = file.find_text("general.architecture");
  if (!name) {
    fail(ErrorKind::kCorruptFile, "{}: metadata \"general.architecture\" is missing; convert the model again",
         file.source());
  }
  if (*name == "llama") return LanguageArchitecture::kLlama;
  if (*name == "qwen2") return LanguageArchitecture::kQwen2;
  fail(ErrorKind::kUnsupported, "{}: the architecture is \"{}\"; this build runs llama and qwen2", file.source(),
       excerpt(*name));
}

int read_vocab_size(const GgufFile& file, const ArchitectureKeys& keys) {
  if (const auto* tokens = file.find_texts("tokenizer.ggml.tokens")) {
    return static_cast<int>(std::min<uint64_t>(tokens->size(), std::numeric_limits<int>::max()));
  }
  return keys.size("vocab_size");
}

std::optional<TokenId> find_token(const GgufFile& file, const char* key) {
  const auto value = file.find_unsigned(key);
  if (!value) return std::nullopt;
  return static_cast<TokenId>(std::min<uint64_t>(*value, std::numeric_limits<TokenId>::max()));
}

// How converters store Llama 3's scaling: each frequency's divisor as a tensor.
void read_frequency_factors(const GgufFile& file, RopeScaling& rope) {
  const GgufTensor* tensor = find_tensor(file, "rope_freqs.weight");
  if (tensor == nullptr) return;
  if (rope.type != RopeScaling::Type::kNone) {
    fail(ErrorKind::kUnsupported,
         "{}: has rope_freqs.weight beside a rotary scaling; this build runs models with one of them", file.source());
  }
  rope.type = RopeScaling::Type::kFactors;
  rope.frequency_factors.resize(tensor->num_values());
  dequantize(tensor->type, tensor->data, rope.frequency_factors);
}

void read_yarn(const ArchitectureKeys& keys, int max_position_embeddings, RopeScaling& rope) {
  rope.original_max_position_embeddings = keys.number("rope.scaling.original_context_length", max_position_embeddings);
  rope.beta_fast = keys.number("rope.scaling.yarn_beta_fast", rope.beta_fast);
  rope.beta_slow = keys.number("rope.scaling.yarn_beta_slow", rope.beta_slow);
  if (const double mix = keys.number("rope.scaling.yarn_ext_factor", 1); mix >= 0 && mix != 1) {
    keys.unsupported("rope.scaling.yarn_ext_factor", fmt::format("{}", mix), "an extrapolation factor of 1");
  }
  // Converters store transformers' attention_factor as yarn_attn_factor; attn_factor multiplies what YaRN gives.
  const auto whole = keys.find_number("rope.scaling.yarn_attn_factor"),
             multiplier = keys.find_number("rope.scaling.attn_factor");
  if (whole || multiplier) {
    rope.attention_factor = whole.value_or(0.1 * std::log(rope.factor) + 1) * multiplier.value_or(1);
  }
}

RopeScaling read_rope_scaling(const ArchitectureKeys& keys, int max_position_embeddings) {
  RopeScaling rope;
  const double old_factor = keys.number("rope.scale_linear", 1);
  rope.factor = keys.number("rope.scaling.factor", old_factor);
  const std::string type = keys.text("rope.scaling.type", rope.factor == 1 ? "none" : "linear");
  if (type == "none") {
    rope.factor = 1;
  } else if (type == "linear") {
    rope.type = rope.factor == 1 ? RopeScaling::Type::kNone : RopeScaling::Type::kLinear;
  } else if (type == "yarn") {
    rope.type = RopeScaling::Type::kYarn;
    read_yarn(keys, max_position_embeddings, rope);
  } else {
    keys.unsupported("rope.scaling.type", type, "none, linear or yarn rotary scaling");
  }
  return rope;
}

void refuse_unsupported(const ArchitectureKeys& keys, const LanguageModelConfig& config) {
  if (const int experts = keys.find_size("expert_count").value_or(0); experts > 0) {
    keys.unsupported("expert_count", fmt::format("{}", experts), "one MLP per layer, no experts");
  }
  const int window = keys.find_size("attention.sliding_window").value_or(0);
  if (window > 0 && window < config.max_position_embeddings) {
    keys.unsupported("attention.sliding_window", fmt::format("{}", window), "full attention in every layer");
  }
  if (const int rotary = keys.find_size("rope.dimension_count").value_or(config.head_dim); rotary != config.head_dim) {
    keys.unsupported("rope.dimension_count", fmt::format("{}", rotary), "rotary positions in all dimensions of a head");
  }
  if (const int values = keys.find_size("attention.value_length").value_or(config.head_dim);
      values != config.head_dim) {
    keys.unsupported("attention.value_length", fmt::format("{}", values), "keys and values of one length");
  }
}

}  // namespace

LanguageModelConfig read_language_model_config(const GgufFile& file) {
  LanguageModelConfig config;
  config.architecture = read_architecture(file);
  const ArchitectureKeys keys(file, *file.find_text("general.architecture"));
  config.vocab_size = read_vocab_size(file, keys);
  config.hidden_size = keys.size("embedding_length");
  config.intermediate_size = keys.size("feed_forward_length");
  config.num_hidden_layers = keys.size("block_count");
  config.num_attention_heads = keys.size("attention.head_count");
  config.num_key_value_heads = keys.find_size("attention.head_count_kv").value_or(config.num_attention_heads);
  config.head_dim = keys.find_size("attention.key_length")
                        .value_or(config.num_attention_heads > 0 ? config.hidden_size / config.num_attention_heads : 0);
  config.max_position_embeddings = keys.size("context_length");
  const auto epsilon = keys.find_number("attention.layer_norm_rms_epsilon");
  if (!epsilon) keys.missing(keys.full("attention.layer_norm_rms_epsilon"));
  config.rms_norm_eps = *epsilon;
  config.rope_theta = keys.number("rope.freq_base", config.rope_theta);
  config.rope_scaling = read_rope_scaling(keys, config.max_position_embeddings);
  read_frequency_factors(file, config.rope_scaling);
  config.tie_word_embeddings = find_tensor(file, "output.weight") == nullptr;
  config.attention_bias =
      config.architecture == LanguageArchitecture::kQwen2 || find_tensor(file, "blk.0.attn_q.bias") != nullptr;
  config.bos_token_id = find_token(file, "tokenizer.ggml.bos_token_id");
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"}) {
    const auto token = find_token(file, key);
    if (token &&
        std::find(config.eos_token_ids.begin(), config.eos_token_ids.end(), *token) == config.eos_token_ids.end()) {
      config.eos_token_ids.push_back(*token);
    }
  }
  refuse_unsupported(keys, config);
  check_language_model_config(config, file.source());
  return config;
}

}  // namespace manyshot
