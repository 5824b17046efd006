// TokenizerSpec: what a model file says about its tokenizer, before any table is built. tokenizer.json and GGUF
// metadata both become this struct; Tokenizer is made from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/prompt.h"

namespace manyshot {

// A text that is cut out before anything else looks at the input, and always becomes this one id.
struct AddedToken {
  TokenId id = 0;
  std::string text;         // as it stands in the input, not in the byte alphabet
  bool special = false;     // matched only with parse_special
  bool lstrip = false;      // takes the white space before it along
  bool rstrip = false;      // takes the white space behind it along
  bool normalized = false;  // looked for in the normalized text, not in the original
};

struct TokenizerSpec {
  std::string source;               // file, for messages
  std::vector<std::string> tokens;  // by id, in GPT-2's byte alphabet; empty: an added token or an id without one
  std::vector<std::string> merges;  // "left right", best first
  std::vector<AddedToken> added_tokens;
  std::vector<std::string> split_patterns;  // regular expressions, each splits what the one before left whole
  bool nfc = false;                         // texts are brought to Unicode normal form C first
  bool ignore_merges = false;               // a piece that is a token is that token, whatever the merges say
  std::optional<TokenId> unknown;  // stands for a byte the vocabulary lacks; without it such bytes are left out
  std::optional<TokenId> bos, eos;
  bool add_bos = false;  // the model expects `bos` before every text; encode() does not add it
};

// Texts of tokenizer.json and, where present, tokenizer_config.json (bos, eos, add_bos; empty text: none). `source`
// names the first in messages. Throws Error(kCorruptFile) if a text is not JSON or not shaped as a tokenizer,
// kUnsupported naming the model type, normalizer, pre-tokenizer or option that is not byte-level BPE as GPT-2, SmolLM2,
// Qwen2 and Llama-3 have it.
TokenizerSpec parse_tokenizer_json(std::string_view tokenizer_json, std::string_view tokenizer_config_json,
                                   const std::string& source);

// From a tokenizer.json, or from a Hugging Face model folder that holds one. Throws as parse_tokenizer_json and
// read_file do.
TokenizerSpec read_tokenizer_json(const std::string& path);

// The tokenizer.ggml.* keys of a GGUF file, as they stand there.
struct GgufTokenizer {
  std::string model;                 // .model: "gpt2"
  std::string pre;                   // .pre: "smollm", "gpt-2", "qwen2", "llama-bpe", ...; empty if the key is absent
  std::vector<std::string> tokens;   // .tokens
  std::vector<int32_t> token_types;  // .token_type: 1 normal, 3 control, 4 user-defined, 5 unused; empty: all normal
  std::vector<std::string> merges;   // .merges
  std::optional<TokenId> bos, eos;   // .bos_token_id, .eos_token_id
  std::optional<bool> add_bos;       // .add_bos_token
};

// Throws Error(kUnsupported) naming a model or pre-tokenizer this build does not have, kCorruptFile if the arrays
// disagree.
TokenizerSpec tokenizer_spec(GgufTokenizer gguf, const std::string& source);

}  // namespace manyshot
