#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"
#include "encoding/tokenizer/split_patterns.h"
#include "encoding/tokenizer/tokenizer_spec.h"

namespace manyshot {
namespace {

constexpr std::string_view kFamilies = "this build reads byte-level BPE as in GPT-2, SmolLM2, Qwen2 and Llama-3";

// A place in the file for messages, and typed access to what stands there.
class Reader {
 public:
  explicit Reader(const std::string& source) : source_(source) {}

  template <class... Args>
  [[noreturn]] void corrupt(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::kCorruptFile, "{}: {}", source_, fmt::format(format, std::forward<Args>(args)...));
  }

  [[noreturn]] void unsupported(std::string_view what, std::string_view name) const {
    fail(ErrorKind::kUnsupported, "{}: {} \"{}\" is not supported; {}", source_, what, excerpt(name), kFamilies);
  }

  const Json& object(const Json& value, std::string_view what) const {
    if (!value.is_object()) corrupt("{} is {}, not an object", what, describe(value));
    return value;
  }

  // The member, or null when it is absent.
  const Json& member(const Json& parent, const char* key) const {
    static const Json null;
    const auto found = parent.find(key);
    return found == parent.end() ? null : *found;
  }

  bool flag(const Json& parent, const char* key, bool fallback) const {
    const Json& value = member(parent, key);
    if (value.is_null()) return fallback;
    if (!value.is_boolean()) corrupt("\"{}\" is {}, not true or false", key, describe(value));
    return value.get<bool>();
  }

  std::string text(const Json& parent, const char* key) const {
    const Json& value = member(parent, key);
    if (!value.is_string()) corrupt("\"{}\" is {}, not a text", key, describe(value));
    return value.get<std::string>();
  }

  const Json& array(const Json& parent, const char* key) const {
    const Json& value = member(parent, key);
    if (!value.is_array()) corrupt("\"{}\" is {}, not an array", key, describe(value));
    return value;
  }

 private:
  static std::string describe(const Json& value) {
    return value.is_null() ? "missing" : excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  const std::string& source_;
};

// Takes model.vocab and model.merges out of the document while it is parsed: a tree of some hundred thousand nodes
// would cost more than everything else.
class ModelLists {
 public:
  explicit ModelLists(const Reader& reader) : reader_(reader) {}

  // Json's parser callback; false keeps the value out of the document.
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::key && depth <= 2) enter(depth, value.get_ref<const std::string&>());
    if (list_ == List::kNone || depth < kItemDepth) return true;
    return list_ == List::kVocabulary ? take_token(depth, event, value) : take_merge(depth, event, value);
  }

  std::vector<std::pair<std::string, int64_t>> vocabulary;
  std::vector<std::string> merges;

 private:
  enum class List { kNone, kVocabulary, kMerges };
  static constexpr int kItemDepth = 3;

  void enter(int depth, const std::string& key) {
    if (depth == 1) in_model_ = key == "model";
    list_ = List::kNone;
    if (depth == 2 && in_model_ && key == "vocab") list_ = List::kVocabulary;
    if (depth == 2 && in_model_ && key == "merges") list_ = List::kMerges;
  }

  bool take_token(int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::key && depth == kItemDepth) {
      token_ = value.get<std::string>();
      return false;
    }
    if (token_.empty()) return true;  // an array: the vocabulary of another model type
    if (event != Event::value || !value.is_number_integer()) {
      reader_.corrupt("the id of token \"{}\" is not an integer", excerpt(token_));
    }
    vocabulary.emplace_back(std::exchange(token_, {}), value.get<int64_t>());
    return false;
  }

  bool take_merge(int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::value && value.is_string()) {
      if (depth == kItemDepth) {
        merges.push_back(value.get<std::string>());
      } else {
        pair_.push_back(value.get<std::string>());
      }
    } else if (event == Event::array_end && depth == kItemDepth) {
      if (pair_.size() != 2) reader_.corrupt("merge {} has {} parts, not two", merges.size(), pair_.size());
      merges.push_back(pair_[0] + ' ' + pair_[1]);
      pair_.clear();
    } else if (event != Event::array_start) {
      reader_.corrupt("merge {} is neither \"left right\" nor [\"left\", \"right\"]", merges.size());
    }
    return event == Event::array_start;
  }

  const Reader& reader_;
  bool in_model_ = false;
  List list_ = List::kNone;
  std::string token_;
  std::vector<std::string> pair_;
};

template <class... Callback>
Json parse(const Reader& reader, std::string_view text, Callback&&... callback) {
  try {
    return Json::parse(text, std::forward<Callback>(callback)...);
  } catch (const Json::exception& error) {
    reader.corrupt("not JSON: {}; fetch the file again", error.what());
  }
}

// Puts texts at their ids. Ids may leave holes (tokens taken out), but not more of them than tokens.
void place_tokens(const Reader& reader, std::vector<std::pair<std::string, int64_t>>& vocabulary, TokenizerSpec& spec) {
  int64_t max_id = -1;
  for (const auto& [text, id] : vocabulary) max_id = std::max(max_id, id);
  for (const AddedToken& token : spec.added_tokens) max_id = std::max<int64_t>(max_id, token.id);
  const size_t max_size = 2 * (vocabulary.size() + spec.added_tokens.size()) + 1024;
  if (max_id >= static_cast<int64_t>(max_size)) {
    reader.corrupt("the greatest token id is {}, but there are only {} tokens", max_id,
                   vocabulary.size() + spec.added_tokens.size());
  }
  spec.tokens.resize(max_id + 1);
  for (auto& [text, id] : vocabulary) {
    if (id < 0) reader.corrupt("token \"{}\" has the id {}", excerpt(text), id);
    if (!spec.tokens[id].empty()) {
      reader.corrupt("id {} belongs to both \"{}\" and \"{}\"", id, excerpt(spec.tokens[id]), excerpt(text));
    }
    spec.tokens[id] = std::move(text);
  }
}

void read_model(const Reader& reader, const Json& model, ModelLists& lists, TokenizerSpec& spec) {
  const Json& type = reader.member(model, "type");
  const bool is_bpe = type.is_null() ? !lists.merges.empty() : type == "BPE";  // files before 2021 name no type
  if (!is_bpe) reader.unsupported("the model type", type.is_string() ? type.get<std::string>() : type.dump());
  if (lists.vocabulary.empty()) reader.corrupt("\"model\" has no \"vocab\"");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json& affix = reader.member(model, key);
    if (!affix.is_null() && affix != "") reader.unsupported("the model option", key);
  }
  const Json& dropout = reader.member(model, "dropout");
  if (!dropout.is_null() && dropout != 0) reader.unsupported("the model option", "dropout");
  if (reader.flag(model, "byte_fallback", false)) reader.unsupported("the model option", "byte_fallback");
  spec.ignore_merges = reader.flag(model, "ignore_merges", false);
  const Json& unknown = reader.member(model, "unk_token");
  if (!unknown.is_null()) {
    if (reader.flag(model, "fuse_unk", false)) reader.unsupported("the model option", "fuse_unk");
    const auto found = std::find_if(lists.vocabulary.begin(), lists.vocabulary.end(),
                                    [&](const auto& token) { return unknown == token.first; });
    if (found == lists.vocabulary.end())
      reader.corrupt("the unknown token {} is not in the vocabulary", unknown.dump());
    spec.unknown = static_cast<TokenId>(found->second);
  }
  place_tokens(reader, lists.vocabulary, spec);
  spec.merges = std::move(lists.merges);
}

void read_added_tokens(const Reader& reader, const Json& document, TokenizerSpec& spec) {
  if (reader.member(document, "added_tokens").is_null()) return;
  for (const Json& item : reader.array(document, "added_tokens")) {
    reader.object(item, "an added token");
    AddedToken token{.text = reader.text(item, "content"),
                     .special = reader.flag(item, "special", false),
                     .lstrip = reader.flag(item, "lstrip", false),
                     .rstrip = reader.flag(item, "rstrip", false),
                     .normalized = reader.flag(item, "normalized", false)};
    const Json& id = reader.member(item, "id");
    if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX) {
      reader.corrupt("the added token \"{}\" has no usable id", excerpt(token.text));
    }
    token.id = static_cast<TokenId>(id.get<uint64_t>());
    if (reader.flag(item, "single_word", false)) {
      reader.unsupported("single_word of the added token", token.text);
    }
    spec.added_tokens.push_back(std::move(token));
  }
}

void read_normalizer(const Reader& reader, const Json& normalizer, TokenizerSpec& spec) {
  if (normalizer.is_null()) return;
  const std::string type = reader.text(reader.object(normalizer, "the normalizer"), "type");
  if (type == "Sequence") {
    for (const Json& step : reader.array(normalizer, "normalizers")) read_normalizer(reader, step, spec);
  } else if (type == "NFC") {
    spec.nfc = true;
  } else {
    reader.unsupported("the normalizer", type);
  }
}

void read_split(const Reader& reader, const Json& step, TokenizerSpec& spec) {
  const std::string behavior = reader.text(step, "behavior");
  if (behavior != "Isolated") reader.unsupported("the split behavior", behavior);
  const Json& pattern = reader.member(step, "pattern");
  if (reader.member(reader.object(pattern, "a split pattern"), "Regex").is_null()) {
    reader.unsupported("the split pattern", pattern.dump());
  }
  spec.split_patterns.push_back(reader.text(pattern, "Regex"));
}

// Appends the patterns of a step and says whether it maps bytes to the byte alphabet.
bool read_pre_tokenizer(const Reader& reader, const Json& step, TokenizerSpec& spec) {
  const std::string type = reader.text(reader.object(step, "the pre-tokenizer"), "type");
  if (type == "Sequence") {
    bool byte_level = false;
    for (const Json& inner : reader.array(step, "pretokenizers")) {
      if (byte_level) reader.unsupported("the pre-tokenizer after ByteLevel", inner.dump());
      byte_level = read_pre_tokenizer(reader, inner, spec);
    }
    return byte_level;
  }
  if (type == "Split") {
    read_split(reader, step, spec);
  } else if (type == "Digits") {
    spec.split_patterns.push_back(reader.flag(step, "individual_digits", false) ? kSingleDigitPattern : kDigitsPattern);
  } else if (type == "ByteLevel") {
    if (reader.flag(step, "add_prefix_space", true)) reader.unsupported("the ByteLevel option", "add_prefix_space");
    if (reader.flag(step, "use_regex", true)) spec.split_patterns.push_back(kGpt2Pattern);
    return true;
  } else {
    reader.unsupported("the pre-tokenizer", type);
  }
  return false;
}

TokenId id_of(const Reader& reader, const TokenizerSpec& spec, const std::string& text) {
  for (const AddedToken& token : spec.added_tokens) {
    if (token.text == text) return token.id;
  }
  const auto found = std::find(spec.tokens.begin(), spec.tokens.end(), text);
  if (found == spec.tokens.end()) reader.corrupt("the token \"{}\" is not in the vocabulary", excerpt(text));
  return static_cast<TokenId>(found - spec.tokens.begin());
}

// The template for a single text: nothing around it, or one token in front.
void read_template(const Reader& reader, const Json& processor, TokenizerSpec& spec) {
  const Json& single = reader.array(processor, "single");
  const auto part = [&](size_t i, const char* kind) -> const Json& {
    static const Json null;
    return i < single.size() && single[i].is_object() ? reader.member(single[i], kind) : null;
  };
  const bool has_bos = !part(0, "SpecialToken").is_null();
  if (part(has_bos, "Sequence").is_null() || single.size() != size_t{1} + has_bos) {
    reader.unsupported("the template", single.dump());
  }
  if (!has_bos) return;
  spec.bos =
      id_of(reader, spec, reader.text(reader.object(part(0, "SpecialToken"), "a special token of the template"), "id"));
  spec.add_bos = true;
}

void read_post_processor(const Reader& reader, const Json& processor, TokenizerSpec& spec) {
  if (processor.is_null()) return;
  const std::string type = reader.text(reader.object(processor, "the post-processor"), "type");
  if (type == "Sequence") {
    for (const Json& step : reader.array(processor, "processors")) read_post_processor(reader, step, spec);
  } else if (type == "TemplateProcessing") {
    read_template(reader, processor, spec);
  } else if (type != "ByteLevel") {
    reader.unsupported("the post-processor", type);
  }
}

void read_config(const Reader& reader, const Json& config, TokenizerSpec& spec) {
  reader.object(config, "tokenizer_config.json");
  const auto named_token = [&](const char* key, std::optional<TokenId>& id) {
    const Json& value = reader.member(config, key);
    if (value.is_null()) return;
    id = id_of(reader, spec, value.is_object() ? reader.text(value, "content") : reader.text(config, key));
  };
  named_token("bos_token", spec.bos);
  named_token("eos_token", spec.eos);
  spec.add_bos = reader.flag(config, "add_bos_token", spec.add_bos);
}

}  // namespace

TokenizerSpec parse_tokenizer_json(std::string_view tokenizer_json, std::string_view tokenizer_config_json,
                                   const std::string& source) {
  const Reader reader(source);
  TokenizerSpec spec{.source = source};
  ModelLists lists(reader);
  const Json document = parse(reader, tokenizer_json, std::ref(lists));
  reader.object(document, "the document");
  read_added_tokens(reader, document, spec);
  read_model(reader, reader.object(reader.member(document, "model"), "\"model\""), lists, spec);
  read_normalizer(reader, reader.member(document, "normalizer"), spec);
  const Json& pre_tokenizer = reader.member(document, "pre_tokenizer");
  if (pre_tokenizer.is_null() || !read_pre_tokenizer(reader, pre_tokenizer, spec)) {
    reader.unsupported("a pre-tokenizer without ByteLevel", pre_tokenizer.dump());
  }
  read_post_processor(reader, reader.member(document, "post_processor"), spec);
  if (!tokenizer_config_json.empty()) read_config(reader, parse(reader, tokenizer_config_json), spec);
  return spec;
}

TokenizerSpec read_tokenizer_json(const std::string& path) {
  const std::filesystem::path given(path);
  const std::filesystem::path file = std::filesystem::is_directory(given) ? given / "tokenizer.json" : given;
  const std::filesystem::path config = file.parent_path() / "tokenizer_config.json";
  const std::string text = read_file(file);
  return parse_tokenizer_json(text, std::filesystem::exists(config) ? read_file(config) : "", file);
}

}  // namespace manyshot
