// Byte-level BPE tokenizer of the GPT-2, SmolLM2, Qwen2 and Llama-3 families, with the same ids as Hugging Face
// `tokenizers`.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "encoding/prompt.h"
#include "encoding/tokenizer/tokenizer_spec.h"

namespace manyshot {

// Any bytes can be encoded: what is not UTF-8 goes through the tokens of its bytes. decode(encode(x)) == x for every x,
// except that normal form C replaces x where spec.nfc says so, that a token with lstrip or rstrip takes white space
// along, and that bytes in missing_bytes() are lost. Safe to use from several threads.
class Tokenizer {
 public:
  // Throws Error(kCorruptFile, kUnsupported) naming spec.source when vocabulary, merges and added tokens contradict
  // each other or a split pattern cannot be used.
  explicit Tokenizer(TokenizerSpec spec);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;

  // The ids of `text`. Added tokens are recognised wherever they stand; special ones ("<|im_end|>") only with
  // parse_special, and are plain text otherwise: use false for text that a user typed or a table holds. No bos is put
  // in front (see add_bos()).
  std::vector<TokenId> encode(std::string_view text, bool parse_special) const;
  void append_encoded(std::string_view text, bool parse_special, std::vector<TokenId>& ids) const;

  // The bytes of the tokens, special ones included; not always UTF-8, since a character may be cut between tokens.
  // Throws Error(kBadInput) for an id outside the vocabulary.
  std::string decode(std::span<const TokenId> ids) const;

  // The bytes of one token; empty for an id that no text has.
  std::string_view token_text(TokenId id) const;
  size_t vocab_size() const;  // ids are 0 .. vocab_size() - 1
  bool is_special(TokenId id) const;
  // The id of an added token's text ("<|im_start|>"), if there is one.
  std::optional<TokenId> added_token(std::string_view text) const;

  std::optional<TokenId> bos() const;
  std::optional<TokenId> eos() const;
  bool add_bos() const;  // whether the model expects bos() before every text

  // Bytes for which the vocabulary has neither a token nor an unknown token; encode() leaves them out, as Hugging Face
  // does.
  const std::vector<uint8_t>& missing_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace manyshot
