#include "model/language/facts.h"

#include <fmt/ranges.h>

#include <optional>
#include <vector>

#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/decoder/shape.h"
#include "model/language/tensor_source.h"
#include "model/language/text_model.h"

namespace manyshot {
namespace {

std::string rope_name(const RopeScaling& scaling) {
  switch (scaling.type) {
    case RopeScaling::Type::kNone:
      return "";
    case RopeScaling::Type::kLinear:
      return fmt::format(", linear scaling by {}", scaling.factor);
    case RopeScaling::Type::kLlama3:
      return fmt::format(", llama3 scaling by {}", scaling.factor);
    case RopeScaling::Type::kYarn:
      return fmt::format(", YaRN scaling by {}", scaling.factor);
    case RopeScaling::Type::kFactors:
      return ", a scaling factor for each frequency";
  }
  return "";
}

}  // namespace

uint64_t LanguageModelFacts::weight_bytes() const { return static_cast<uint64_t>(parameters) * dtype_bytes(dtype); }

uint64_t LanguageModelFacts::cache_bytes_per_token() const {
  return DecoderShape(config).cached_values_per_token() * dtype_bytes(dtype);
}

LanguageModelFacts read_language_model_facts(const std::string& path) {
  const std::unique_ptr<TensorSource> source = open_tensor_source(path);
  LanguageModelFacts facts{
      .path = path, .config = source->config(), .stored_bytes = source->stored_bytes(), .dtype = choose_dtype()};
  facts.parameters = num_parameters(facts.config);
  for (const auto& [name, shape] : language_model_tensors(facts.config))
    facts.values_by_type[source->type_name(name)] += num_values(shape);
  const TokenizerSpec spec = read_model_tokenizer(path);
  facts.tokenizer_merges = spec.merges.size();
  const std::optional<TokenId> bos = spec.bos, eos = spec.eos;
  const Tokenizer tokenizer(spec);
  facts.tokenizer_tokens = tokenizer.vocab_size();
  if (bos) facts.bos = std::string(tokenizer.token_text(*bos));
  if (eos) facts.eos = std::string(tokenizer.token_text(*eos));
  return facts;
}

Json to_json(const LanguageModelFacts& facts) {
  const LanguageModelConfig& config = facts.config;
  return {{"path", facts.path},
          {"architecture", architecture_name(config.architecture)},
          {"parameters", facts.parameters},
          {"num_hidden_layers", config.num_hidden_layers},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", config.intermediate_size},
          {"num_attention_heads", config.num_attention_heads},
          {"num_key_value_heads", config.num_key_value_heads},
          {"head_dim", config.head_dim},
          {"vocab_size", config.vocab_size},
          {"max_position_embeddings", config.max_position_embeddings},
          {"rope_theta", config.rope_theta},
          {"tie_word_embeddings", config.tie_word_embeddings},
          {"attention_bias", config.attention_bias},
          {"stored_bytes", facts.stored_bytes},
          {"values_by_type", facts.values_by_type},
          {"tokenizer",
           {{"tokens", facts.tokenizer_tokens},
            {"merges", facts.tokenizer_merges},
            {"bos", facts.bos},
            {"eos", facts.eos}}},
          {"dtype", name_of(facts.dtype)},
          {"weight_bytes", facts.weight_bytes()},
          {"cache_bytes_per_token", facts.cache_bytes_per_token()}};
}

std::string describe(const LanguageModelFacts& facts) {
  const LanguageModelConfig& config = facts.config;
  std::vector<std::string> types;
  for (const auto& [type, values] : facts.values_by_type) {
    types.push_back(
        fmt::format("{} {:.1f} %", type, 100.0 * static_cast<double>(values) / static_cast<double>(facts.parameters)));
  }
  const uint64_t cache = facts.cache_bytes_per_token(), window = static_cast<uint64_t>(config.max_position_embeddings);
  return fmt::format(
      "{}\n  architecture  {}, {} layers, width {} (MLP {}), {} heads of {} with {} for keys and values, {} "
      "parameters{}\n"
      "  context       {} tokens, RoPE theta {}{}\n  tokenizer     byte-level BPE, {} tokens, {} merges, begin {}, end "
      "{}\n"
      "  stored        {}: {}\n  memory        {} weights as {}, {} keys and values a token ({} for a full context)\n",
      facts.path, architecture_name(config.architecture), config.num_hidden_layers, config.hidden_size,
      config.intermediate_size, config.num_attention_heads, config.head_dim, config.num_key_value_heads,
      with_thousands(static_cast<uint64_t>(facts.parameters)), config.tie_word_embeddings ? ", tied embeddings" : "",
      with_thousands(window), config.rope_theta, rope_name(config.rope_scaling), with_thousands(facts.tokenizer_tokens),
      with_thousands(facts.tokenizer_merges), facts.bos.empty() ? "none" : facts.bos,
      facts.eos.empty() ? "none" : facts.eos, format_bytes(facts.stored_bytes), fmt::join(types, ", "),
      format_bytes(facts.weight_bytes()), name_of(facts.dtype), format_bytes(cache), format_bytes(cache * window));
}

}  // namespace manyshot
