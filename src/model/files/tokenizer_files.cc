#include "model/files/tokenizer_files.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "encoding/tokenizer/split_patterns.h"
#include "model/files/gguf.h"
#include "model/files/gguf_tokenizer.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kMaxJsonBytes = 64 << 20;
enum GgufTokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5 };

std::string folder_chat_template(const std::string& folder) {
  const std::string jinja = (fs::path(folder) / "chat_template.jinja").string();
  if (fs::exists(jinja)) return read_file(jinja);
  const std::string config = (fs::path(folder) / "tokenizer_config.json").string();
  if (!fs::exists(config)) return "";
  const Json json = Json::parse(read_file(config, kMaxJsonBytes), nullptr, /*allow_exceptions=*/false);
  const bool has_template = json.is_object() && json.contains("chat_template") && json["chat_template"].is_string();
  return has_template ? json["chat_template"].get<std::string>() : "";
}

// The text of a token: added ones as they stand in the input, the others in the byte alphabet.
std::string text_of(const TokenizerSpec& spec, TokenId id) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.id == id) return token.text;
  }
  return spec.tokens[static_cast<size_t>(id)];
}

Json added_tokens_json(const TokenizerSpec& spec) {
  Json list = Json::array();
  for (const AddedToken& token : spec.added_tokens) {
    list.push_back({{"id", token.id},
                    {"content", token.text},
                    {"single_word", false},
                    {"lstrip", token.lstrip},
                    {"rstrip", token.rstrip},
                    {"normalized", token.normalized},
                    {"special", token.special}});
  }
  return list;
}

Json pre_tokenizer_json(const TokenizerSpec& spec) {
  Json steps = Json::array();
  for (const std::string& pattern : spec.split_patterns) {
    steps.push_back(
        {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}, {"invert", false}});
  }
  steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}});
  return {{"type", "Sequence"}, {"pretokenizers", steps}};
}

// bos before every text, where the model expects it.
Json post_processor_json(const TokenizerSpec& spec) {
  if (!spec.add_bos || !spec.bos) return nullptr;
  const std::string bos = text_of(spec, *spec.bos);
  const Json token = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
  const auto sequence = [](const char* id, int type) -> Json {
    return {{"Sequence", {{"id", id}, {"type_id", type}}}};
  };
  return {
      {"type", "TemplateProcessing"},
      {"single", Json::array({token, sequence("A", 0)})},
      {"pair", Json::array({token, sequence("A", 0), sequence("B", 1)})},
      {"special_tokens", {{bos, {{"id", bos}, {"ids", Json::array({*spec.bos})}, {"tokens", Json::array({bos})}}}}}};
}

Json tokenizer_json(const TokenizerSpec& spec) {
  Json vocabulary = Json::object();
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (!spec.tokens[id].empty()) vocabulary[spec.tokens[id]] = id;
  }
  // Ids of added tokens lie inside the vocabulary of some models.
  for (const AddedToken& token : spec.added_tokens) {
    if (static_cast<size_t>(token.id) < spec.tokens.size()) vocabulary[token.text] = token.id;
  }
  Json model = {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", spec.unknown ? Json(text_of(spec, *spec.unknown)) : Json()},
                {"continuing_subword_prefix", nullptr},
                {"end_of_word_suffix", nullptr},
                {"fuse_unk", false},
                {"byte_fallback", false},
                {"ignore_merges", spec.ignore_merges},
                {"vocab", std::move(vocabulary)},
                {"merges", spec.merges}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens_json(spec)},
          {"normalizer", spec.nfc ? Json{{"type", "NFC"}} : Json()},
          {"pre_tokenizer", pre_tokenizer_json(spec)},
          {"post_processor", post_processor_json(spec)},
          {"decoder", {{"type", "ByteLevel"}, {"add_prefix_space", true}, {"trim_offsets", true}, {"use_regex", true}}},
          {"model", std::move(model)}};
}

// The name llama.cpp has for the patterns.
std::string pre_name(const TokenizerSpec& spec) {
  using Patterns = std::vector<std::string>;
  if (spec.split_patterns == Patterns{kSingleDigitPattern, kGpt2Pattern}) return "smollm";
  if (spec.split_patterns == Patterns{kGpt2Pattern}) return "gpt-2";
  if (spec.split_patterns == Patterns{kQwen2Pattern}) return "qwen2";
  if (spec.split_patterns == Patterns{kLlama3Pattern}) return "llama-bpe";
  fail(
      ErrorKind::kUnsupported,
      "{}: llama.cpp has no name for this tokenizer's split pattern; those of GPT-2, SmolLM2, Qwen2 and Llama-3 can be "
      "written as GGUF",
      spec.source);
}

}  // namespace

ModelTokenizer read_tokenizer(const std::string& path) {
  if (fs::is_directory(path)) return {read_tokenizer_json(path), folder_chat_template(path)};
  const MappedFile mapped(path);
  const GgufFile file(mapped.bytes(), path);
  return {read_tokenizer_spec(file), std::string(file.find_text("tokenizer.chat_template").value_or(""))};
}

void write_tokenizer_files(const ModelTokenizer& tokenizer, const std::string& folder) {
  const TokenizerSpec& spec = tokenizer.spec;
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"add_bos_token", spec.add_bos},
                 {"clean_up_tokenization_spaces", false}};
  Json special = Json::object();
  for (const auto& [key, id] :
       {std::pair{"bos_token", spec.bos}, {"eos_token", spec.eos}, {"unk_token", spec.unknown}}) {
    if (id) config[key] = special[key] = text_of(spec, *id);
  }
  if (!tokenizer.chat_template.empty()) config["chat_template"] = tokenizer.chat_template;
  write_file((fs::path(folder) / "tokenizer.json").string(), tokenizer_json(spec).dump(1) + "\n");
  write_file((fs::path(folder) / "tokenizer_config.json").string(), config.dump(1) + "\n");
  write_file((fs::path(folder) / "special_tokens_map.json").string(), special.dump(1) + "\n");
}

void add_tokenizer_metadata(const ModelTokenizer& tokenizer, size_t vocab_size, GgufMetadata& metadata) {
  const TokenizerSpec& spec = tokenizer.spec;
  std::vector<std::string> tokens = spec.tokens;
  tokens.resize(std::max(vocab_size, tokens.size()));
  std::vector<int32_t> types(tokens.size(), kNormal);
  if (spec.unknown) types[static_cast<size_t>(*spec.unknown)] = kUnknown;
  for (const AddedToken& token : spec.added_tokens) {
    tokens[static_cast<size_t>(token.id)] = token.text;
    types[static_cast<size_t>(token.id)] = token.special ? kControl : kUserDefined;
  }
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (!tokens[id].empty()) continue;
    tokens[id] = fmt::format("[PAD{}]", id);
    types[id] = kUnused;
  }
  metadata.add_text("tokenizer.ggml.model", "gpt2");
  metadata.add_text("tokenizer.ggml.pre", pre_name(spec));
  metadata.add_texts("tokenizer.ggml.tokens", tokens);
  metadata.add_i32s("tokenizer.ggml.token_type", types);
  metadata.add_texts("tokenizer.ggml.merges", spec.merges);
  if (spec.bos) metadata.add_u32("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(*spec.bos));
  if (spec.eos) metadata.add_u32("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(*spec.eos));
  metadata.add_flag("tokenizer.ggml.add_bos_token", spec.add_bos);
  if (!tokenizer.chat_template.empty()) metadata.add_text("tokenizer.chat_template", tokenizer.chat_template);
}

}  // namespace manyshot
