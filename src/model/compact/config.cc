#include "model/compact/config.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "model/files/config_json.h"

namespace manyshot {
namespace {

constexpr int64_t kMaxSize = 1 << 20;    // of any width, count or token id
constexpr int kMostTypedCodes = 10'000;  // so that a pair of codes is a token id

class Section : public ConfigSection {
 public:
  using ConfigSection::ConfigSection;

  int integer(const char* key, int64_t least, int64_t most) const {
    const Json* found = find(key);
    if (found != nullptr && found->is_number_integer() &&
        !(found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX)) {
      const int64_t value = found->get<int64_t>();
      if (value >= least && value <= most) return static_cast<int>(value);
    }
    refuse(key, fmt::format("a whole number from {} to {}", least, most));
  }
  int integer_or(const char* key, int64_t least, int64_t most, int otherwise) const {
    return has(key) ? integer(key, least, most) : otherwise;
  }
  bool flag_or(const char* key, bool otherwise) const {
    const Json* found = find(key);
    if (found == nullptr) return otherwise;
    if (!found->is_boolean()) refuse(key, "true or false");
    return found->get<bool>();
  }
  double number(const char* key, double least, double most) const {
    const Json* found = find(key);
    if (found != nullptr && found->is_number()) {
      const double value = found->get<double>();
      if (value >= least && value <= most) return value;
    }
    refuse(key, fmt::format("a number from {} to {}", least, most));
  }
  TokenRange tokens(const char* key, int vocab_size) const {
    const Json* found = find(key);
    if (found != nullptr && found->is_array() && found->size() == 2 && (*found)[0].is_number_unsigned() &&
        (*found)[1].is_number_unsigned()) {
      const uint64_t first = (*found)[0].get<uint64_t>(), last = (*found)[1].get<uint64_t>();
      if (first <= last && last < static_cast<uint64_t>(vocab_size)) {
        return {static_cast<TokenId>(first), static_cast<TokenId>(last)};
      }
    }
    refuse(key, fmt::format("[first, last] token ids below vocab_size {}", vocab_size));
  }
  // The key, when present, must have this value; the network has no other form of it.
  void require(const char* key, const Json& value) const {
    const Json* found = find(key);
    if (found != nullptr && *found != value) unsupported(key, value.dump() + " only");
  }
};

void read_network(const Section& section, ModelConfig& config) {
  section.require("hidden_act", "silu");
  section.require("tie_word_embeddings", true);
  section.require("attention_bias", false);
  section.require("mlp_bias", false);
  section.require("rope_scaling", nullptr);
  config.vocab_size = section.integer("vocab_size", 1, kMaxSize);
  config.hidden_size = section.integer("hidden_size", 16, 1 << 16);
  if (config.hidden_size % 16 != 0) section.refuse("hidden_size", "a multiple of 16");
  config.intermediate_size = section.integer("intermediate_size", 1, kMaxSize);
  config.num_hidden_layers = section.integer("num_hidden_layers", 2, 1024);
  config.num_attention_heads = section.integer("num_attention_heads", 1, 1024);
  config.num_key_value_heads = section.integer_or("num_key_value_heads", 1, 1024, config.num_attention_heads);
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    section.refuse("num_key_value_heads",
                   fmt::format("a divisor of num_attention_heads {}", config.num_attention_heads));
  }
  config.head_dim = section.integer_or("head_dim", 16, 1024, config.hidden_size / config.num_attention_heads);
  if (config.head_dim % 16 != 0 || config.head_dim == 0) section.refuse("head_dim", "a multiple of 16");
  config.max_position_embeddings = section.integer("max_position_embeddings", 3, kMaxSize);
  config.rms_norm_eps = section.number("rms_norm_eps", 0.0, 1.0);
  config.rope_theta = section.number("rope_theta", 1.0, 1e12);
}

void refuse_overlap(const Section& section, const ModelConfig& config) {
  std::vector<std::pair<const char*, TokenRange>> ranges{{"number_tokens", config.number_tokens},
                                                         {"label_tokens", config.label_tokens},
                                                         {"bar_token", {config.bar_token, config.bar_token}},
                                                         {"column_tokens", config.column_tokens}};
  if (const auto& typed = config.typed) {
    ranges.insert(ranges.end(), {{"rank_tokens", typed->rank_tokens},
                                 {"target_tokens", typed->target_tokens},
                                 {"missing_token", {typed->missing_token, typed->missing_token}},
                                 {"unseen_token", {typed->unseen_token, typed->unseen_token}},
                                 {"category_tokens", typed->category_tokens},
                                 {"share_tokens", typed->share_tokens}});
  }
  for (const auto& [name, range] : ranges) {
    for (const auto& [other_name, other] : ranges) {
      if (name != other_name && range.first <= other.last && other.first <= range.last) {
        section.refuse(name, fmt::format("token ids that {} does not use", other_name));
      }
    }
  }
}

void require_size(const Section& section, const char* key, const TokenRange& tokens, int size) {
  if (tokens.size() != size) section.refuse(key, fmt::format("{} token ids, not {}", size, tokens.size()));
}

TypedTokens read_typed(const Section& section, const ModelConfig& config) {
  const int last = config.vocab_size - 1, codes = config.codes();
  if (codes > kMostTypedCodes) section.refuse("number_tokens", fmt::format("at most {} codes", kMostTypedCodes));
  TypedTokens typed{.rank_tokens = section.tokens("rank_tokens", config.vocab_size),
                    .target_tokens = section.tokens("target_tokens", config.vocab_size),
                    .missing_token = section.integer("missing_token", 0, last),
                    .unseen_token = section.integer("unseen_token", 0, last),
                    .category_tokens = section.tokens("category_tokens", config.vocab_size),
                    .share_tokens = section.tokens("share_tokens", config.vocab_size)};
  require_size(section, "rank_tokens", typed.rank_tokens, codes);
  require_size(section, "target_tokens", typed.target_tokens, codes);
  require_size(section, "share_tokens", typed.share_tokens, config.label_tokens.size() + 1);
  return typed;
}

void read_compact(const Section& section, ModelConfig& config) {
  section.require("format", "compact");
  section.require("column_embedding", "added");
  if (!section.has("format")) section.refuse("format", "\"compact\"");
  config.row_layers = section.integer("row_layers", 1, config.num_hidden_layers - 1);
  config.number_tokens = section.tokens("number_tokens", config.vocab_size);
  config.label_tokens = section.tokens("label_tokens", config.vocab_size);
  config.bar_token = section.integer("bar_token", 0, config.vocab_size - 1);
  config.column_tokens = section.tokens("column_tokens", config.vocab_size);
  if (section.integer_or("version", 1, 2, 1) == 2) {
    config.typed = read_typed(section, config);
    config.predicts_numbers = section.flag_or("predicts_numbers", false);
  }
  refuse_overlap(section, config);
  if (section.integer("max_classes", 1, kMaxSize) != config.label_tokens.size()) {
    section.refuse("max_classes", fmt::format("{}, the number of label_tokens", config.label_tokens.size()));
  }
  if (config.column_tokens.size() + 2 > config.max_position_embeddings) {
    section.refuse("column_tokens",
                   fmt::format("two fewer columns than max_position_embeddings {}", config.max_position_embeddings));
  }
  config.trained_features = section.integer_or("trained_features", 1, kMaxSize, config.trained_features);
  config.trained_shots = section.integer_or("trained_shots", 1, kMaxSize, config.trained_shots);
  config.max_shots = section.integer_or("max_shots", 1, kMaxSize, config.trained_shots);
}

}  // namespace

TokenSum token_sum(const ModelConfig& config, TokenId token, size_t place, size_t num_features) {
  if (place >= num_features) return {.first = token};
  const TokenId column = config.column_tokens.first + static_cast<TokenId>(place);
  if (token < config.vocab_size) return {.first = token, .column = column};
  const TokenRange pairs = config.pair_cells();
  const int codes = config.codes();
  if (pairs.contains(token)) {
    const int pair = token - pairs.first;
    return {config.number_tokens.first + pair % codes, config.typed->rank_tokens.first + pair / codes, column};
  }
  const int share = token - config.share_cells().first;
  return {.first = config.number_tokens.first + share % codes,
          .second = config.typed->share_tokens.first + share / codes};
}

void set_usual_tokens(int version, ModelConfig& config) {
  constexpr int kCodes = 1000, kLabels = 10;
  TokenId next = 0;
  const auto range = [&](int size) {
    next += size;
    return TokenRange{next - size, next - 1};
  };
  config.number_tokens = range(kCodes);
  config.max_position_embeddings = 128;
  if (version == 1) {
    config.label_tokens = range(kLabels);
    config.bar_token = next++;
    config.column_tokens = range(64);
  } else {
    TypedTokens& typed = config.typed.emplace();
    typed.rank_tokens = range(kCodes);
    typed.target_tokens = range(kCodes);
    config.label_tokens = range(kLabels);
    config.bar_token = next++;
    typed.missing_token = next++;
    typed.unseen_token = next++;
    typed.category_tokens = range(64);
    typed.share_tokens = range(kLabels + 1);
    config.column_tokens = range(100);
  }
  config.vocab_size = next;
}

ModelConfig parse_model_config(std::string_view text, const std::string& source) {
  const Json json = parse_config_json(text, source);
  const Section section(json, source);
  const auto compact = json.find("manyshot");
  if (compact == json.end()) {
    fail(ErrorKind::kUnsupported,
         "{}: no \"manyshot\" section, so this is a general language model; expected a model of the compact format",
         source);
  }
  if (!compact->is_object()) section.refuse("manyshot", "an object with the compact format's tokens");
  section.require("model_type", "llama");
  ModelConfig config;
  read_network(section, config);
  read_compact(Section(*compact, source, "manyshot."), config);
  return config;
}

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
  json["torch_dtype"] = name_of(dtype);
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
  if (const auto& typed = config.typed) {
    compact["version"] = 2;
    compact["predicts_numbers"] = config.predicts_numbers;
    compact["rank_tokens"] = range(typed->rank_tokens);
    compact["target_tokens"] = range(typed->target_tokens);
    compact["missing_token"] = typed->missing_token;
    compact["unseen_token"] = typed->unseen_token;
    compact["category_tokens"] = range(typed->category_tokens);
    compact["share_tokens"] = range(typed->share_tokens);
  }
  return json.dump(1) + "\n";
}

}  // namespace manyshot
