#include "model/files/gguf_tokenizer.h"

#include <limits>

#include "core/error.h"

namespace manyshot {
namespace {

[[noreturn]] void fail_missing(const GgufFile& file, const char* key) {
  fail(ErrorKind::kCorruptFile, "{}: metadata \"{}\" is missing, so the file has no tokenizer; convert the model again",
       file.source(), key);
}

std::vector<std::string> read_texts(const GgufFile& file, const char* key) {
  const auto* texts = file.find_texts(key);
  if (texts == nullptr) fail_missing(file, key);
  return {texts->begin(), texts->end()};
}

std::string read_text(const GgufFile& file, const char* key) {
  return std::string(file.find_text(key).value_or(std::string_view{}));
}

std::optional<TokenId> find_token(const GgufFile& file, const char* key) {
  const auto value = file.find_unsigned(key);
  if (value > std::numeric_limits<TokenId>::max()) {
    fail(ErrorKind::kCorruptFile, "{}: metadata \"{}\" is {}, which is no token id; convert the model again",
         file.source(), key, *value);
  }
  return value ? std::optional(static_cast<TokenId>(*value)) : std::nullopt;
}

}  // namespace

TokenizerSpec read_tokenizer_spec(const GgufFile& file) {
  GgufTokenizer tokenizer;
  if (!file.find_text("tokenizer.ggml.model")) fail_missing(file, "tokenizer.ggml.model");
  tokenizer.model = read_text(file, "tokenizer.ggml.model");
  tokenizer.pre = read_text(file, "tokenizer.ggml.pre");
  tokenizer.tokens = read_texts(file, "tokenizer.ggml.tokens");
  // Another kind of tokenizer may have no merges; tokenizer_spec() then names the kind.
  if (tokenizer.model == "gpt2") tokenizer.merges = read_texts(file, "tokenizer.ggml.merges");
  if (const auto types = file.find_integers("tokenizer.ggml.token_type")) {
    for (int64_t type : *types) tokenizer.token_types.push_back(static_cast<int32_t>(type));
  }
  tokenizer.bos = find_token(file, "tokenizer.ggml.bos_token_id");
  tokenizer.eos = find_token(file, "tokenizer.ggml.eos_token_id");
  tokenizer.add_bos = file.find_flag("tokenizer.ggml.add_bos_token");
  return tokenizer_spec(std::move(tokenizer), file.source());
}

}  // namespace manyshot
