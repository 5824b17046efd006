// Finds added tokens ("<|im_start|>") in text.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "encoding/tokenizer/tokenizer_spec.h"

namespace manyshot {

// Cuts text at a set of added tokens, the longest first where several begin. Safe to use from several threads.
class AddedTokenFinder {
 public:
  AddedTokenFinder() = default;
  // Tokens with an empty text are left out, as Hugging Face does.
  explicit AddedTokenFinder(std::vector<AddedToken> tokens);

  // A stretch of ordinary text and the token behind it; the last stretch has none.
  struct Stretch {
    size_t begin, end;
    std::optional<TokenId> token;
    size_t next;  // where to go on: behind the token
  };
  // The first stretch of text[pos, ...). Special tokens count as ordinary text without parse_special.
  Stretch next(std::string_view text, size_t pos, bool parse_special) const;

  bool empty() const { return tokens_.empty(); }

 private:
  const AddedToken* match(std::string_view text, size_t pos) const;

  std::vector<AddedToken> tokens_;             // by first byte, then longest first
  std::array<uint32_t, 257> by_first_byte_{};  // tokens_ that begin with byte b: [b] .. [b + 1]
};

}  // namespace manyshot
