#include <algorithm>
#include <array>
#include <iterator>

#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/split_patterns.h"
#include "encoding/tokenizer/tokenizer_spec.h"

namespace manyshot {
namespace {

enum GgufTokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

enum class Family { kGpt2, kSmollm, kQwen2, kLlama3 };

// Names of tokenizer.ggml.pre, as llama.cpp writes them, by the pattern they stand for.
struct PreName {
  std::string_view name;
  Family family;
};
constexpr std::array kPreNames = {
    PreName{"gpt-2", Family::kGpt2},
    PreName{"default", Family::kGpt2},
    PreName{"smollm", Family::kSmollm},
    PreName{"qwen2", Family::kQwen2},
    PreName{"deepseek-r1-qwen", Family::kQwen2},
    PreName{"llama-bpe", Family::kLlama3},
    PreName{"llama3", Family::kLlama3},
    PreName{"llama-v3", Family::kLlama3},
};

Family family_of(const GgufTokenizer& gguf, const std::string& source) {
  if (gguf.model != "gpt2") {
    fail(ErrorKind::kUnsupported, "{}: tokenizer.ggml.model is \"{}\"; only byte-level BPE (\"gpt2\") can be read",
         source, excerpt(gguf.model));
  }
  const std::string_view name = gguf.pre.empty() ? "default" : std::string_view(gguf.pre);
  const auto found =
      std::find_if(kPreNames.begin(), kPreNames.end(), [&](const PreName& pre) { return pre.name == name; });
  if (found == kPreNames.end()) {
    std::vector<std::string> names;
    for (const PreName& pre : kPreNames) names.emplace_back(pre.name);
    fail(ErrorKind::kUnsupported, "{}: tokenizer.ggml.pre is \"{}\"{}; this build has {}", source, excerpt(name),
         did_you_mean(name, names), list_names(names, names.size()));
  }
  return found->family;
}

std::vector<std::string> patterns_of(Family family) {
  switch (family) {
    case Family::kGpt2:
      return {kGpt2Pattern};
    case Family::kSmollm:
      return {kSingleDigitPattern, kGpt2Pattern};
    case Family::kQwen2:
      return {kQwen2Pattern};
    case Family::kLlama3:
      return {kLlama3Pattern};
  }
  fail(ErrorKind::kInternal, "a family without patterns");
}

// Control and user-defined tokens stand in the input as they are, the others in the byte alphabet.
void take_tokens(GgufTokenizer& gguf, TokenizerSpec& spec) {
  spec.tokens = std::move(gguf.tokens);
  for (size_t id = 0; id < gguf.token_types.size(); ++id) {
    const int32_t type = gguf.token_types[id];
    if (type == kNormal || type == kUnknown || type == kByte) continue;
    if (type == kControl || type == kUserDefined) {
      spec.added_tokens.push_back(
          {.id = static_cast<TokenId>(id), .text = std::move(spec.tokens[id]), .special = type == kControl});
    } else if (type != kUnused) {
      fail(ErrorKind::kCorruptFile, "{}: tokenizer.ggml.token_type of token {} is {}; types are 1 to 6", spec.source,
           id, type);
    }
    spec.tokens[id].clear();
  }
}

}  // namespace

TokenizerSpec tokenizer_spec(GgufTokenizer gguf, const std::string& source) {
  const Family family = family_of(gguf, source);
  if (gguf.tokens.empty()) fail(ErrorKind::kCorruptFile, "{}: tokenizer.ggml.tokens is empty", source);
  if (!gguf.token_types.empty() && gguf.token_types.size() != gguf.tokens.size()) {
    fail(ErrorKind::kCorruptFile, "{}: {} tokens but {} entries in tokenizer.ggml.token_type", source,
         gguf.tokens.size(), gguf.token_types.size());
  }
  TokenizerSpec spec{.source = source,
                     .merges = std::move(gguf.merges),
                     .split_patterns = patterns_of(family),
                     .nfc = family == Family::kQwen2,
                     .ignore_merges = family == Family::kLlama3,
                     .bos = gguf.bos,
                     .eos = gguf.eos,
                     .add_bos = gguf.add_bos.value_or(family == Family::kLlama3)};
  take_tokens(gguf, spec);
  return spec;
}

}  // namespace manyshot
