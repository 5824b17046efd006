#include "lab/run/word_model.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "encoding/tokenizer/byte_alphabet.h"
#include "lab/words/word_bytes.h"
#include "model/language/config.h"
#include "model/language/export_model.h"
#include "train/language/fresh_source.h"

namespace manyshot::lab {
namespace {
namespace fs = std::filesystem;

constexpr int kNumBytes = 256, kHeadMultiple = 16;
constexpr const char* kEnd = "<|end|>";

class WordCollector {
 public:
  void add(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
      const size_t begin = i;
      if (text[i] == ' ' && i + 1 < text.size() && is_word_byte(text[i + 1])) ++i;
      size_t end = i;
      while (end < text.size() && is_word_byte(text[end])) ++end;
      if (end > i && seen_.emplace(text.substr(begin, end - begin)).second)
        words_.emplace_back(text.substr(begin, end - begin));
      i = std::max(end, begin + 1);
    }
  }
  std::vector<std::string> take() { return std::move(words_); }

 private:
  std::set<std::string, std::less<>> seen_;
  std::vector<std::string> words_;
};

Json added_token(int id, const std::string& text, bool is_special) {
  return {{"id", id},        {"content", text},     {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", is_special}};
}

// Ids: the bytes, the end of a text, the words.
Json tokenizer_json(const std::vector<std::string>& words) {
  Json vocabulary = Json::object(), added = Json::array();
  for (int byte = 0; byte < kNumBytes; ++byte)
    vocabulary[bytes_to_alphabet(std::string(1, static_cast<char>(byte)))] = byte;
  int id = kNumBytes;
  added.push_back(added_token(id++, kEnd, /*is_special=*/true));
  for (const std::string& word : words) {
    if (word.size() > 1) added.push_back(added_token(id++, word, /*is_special=*/false));
  }
  const Json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level},
          {"post_processor", nullptr},
          {"decoder", byte_level},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", Json::array()}}}};
}

LanguageModelConfig config_of(const WordModelOptions& options, int vocab_size, const std::string& folder) {
  if (options.hidden_size % (kHeadMultiple * options.heads) != 0) {
    refuse_option("hidden_size", "{} is no multiple of {} times {} heads; take {}", options.hidden_size, kHeadMultiple,
                  options.heads,
                  kHeadMultiple * options.heads * std::max(1, options.hidden_size / (kHeadMultiple * options.heads)));
  }
  const Json json = {{"architectures", {"LlamaForCausalLM"}},
                     {"model_type", "llama"},
                     {"hidden_size", options.hidden_size},
                     {"intermediate_size", 3 * options.hidden_size},
                     {"num_hidden_layers", options.layers},
                     {"num_attention_heads", options.heads},
                     {"num_key_value_heads", options.heads},
                     {"vocab_size", vocab_size},
                     {"max_position_embeddings", 2048},
                     {"rope_theta", 10000.0},
                     {"rms_norm_eps", 1e-5},
                     {"tie_word_embeddings", true},
                     {"bos_token_id", kNumBytes},
                     {"eos_token_id", kNumBytes}};
  return parse_language_model_config(json.dump(), folder);
}

}  // namespace

std::vector<std::string> words_of(std::span<const LabData> data) {
  WordCollector words;
  for (const LabData& one : data) {
    for (const LabDocument& document : one.documents) words.add(document.text);
    for (const LabQuestion& question : one.questions) {
      for (const std::string& alternative : question.alternatives) words.add(question.prompt + alternative);
    }
  }
  return words.take();
}

int64_t write_word_model(std::span<const LabData> data, const WordModelOptions& options, const std::string& folder) {
  if (fs::exists(folder) && !fs::is_empty(folder))
    fail(ErrorKind::kBadInput, "{}: there is something in this folder; take another", folder);
  const Json tokenizer = tokenizer_json(words_of(data));
  const auto vocab_size = static_cast<int>(kNumBytes + tokenizer.at("added_tokens").size());
  const LanguageModelConfig config = config_of(options, vocab_size, folder);
  const std::string tokenizer_folder = (fs::path(folder) / ".tokenizer").string();
  make_folder(tokenizer_folder);
  write_file((fs::path(tokenizer_folder) / "tokenizer.json").string(), tokenizer.dump());
  write_file((fs::path(tokenizer_folder) / "tokenizer_config.json").string(),
             Json({{"eos_token", kEnd}, {"bos_token", kEnd}, {"add_bos_token", true}}).dump());
  const auto source = train::make_fresh_source(config, train::Initialisation::kScaledNormal, options.seed, folder);
  write_hugging_face_folder(*source, tokenizer_folder, GgmlType::kBF16, folder);
  fs::remove_all(tokenizer_folder);
  return num_parameters(config);
}

}  // namespace manyshot::lab
