// What the tokenizer's tests share: the names of the small vocabularies, and random texts that are hard to split.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/rng.h"
#include "encoding/tokenizer/utf8.h"
#include "support/golden_tokenizer.h"

namespace manyshot {

inline const std::vector<std::string>& golden_families() {
  static const std::vector<std::string> families{"gpt2", "smollm", "qwen2", "llama3"};
  return families;
}

// Texts of characters that pre-tokenizers treat differently, close together; with_invalid mixes in bytes that are not
// UTF-8.
inline std::string hard_text(const Rng& rng, bool with_invalid) {
  static const std::vector<std::string> parts = {
      " ",    "  ",   "\t",   "\n",     "\r\n",       "\u00a0",    "\u3000", "\u0085", "\u180e", "'s",
      "'S",   "'ll",  "'LL",  "'re",    "'\u017f",    "'",         "a",      "Z",      "é",      "ß",
      "文",   "ひ",   "한",   "\u0301", "\u0345",     "0",         "12",     "345",    "\u0660", "½",
      "Ⅻ",    "|",    ",",    ".",      "-",          "_",         "🙂",   "\u200d", "\ufe0f", "\x01",
      "\x7f", "word", " the", "nurse",  "<|im_end|>", "\U00020000"};
  static const std::vector<std::string> invalid = {"\xff",         "\x80",         "\xc3",     "\xe2\x82",
                                                   "\xed\xa0\x80", "\xf0\x9f\x99", "\xc0\xaf", "\xf5"};
  std::string text;
  const uint64_t length = 1 + rng.below(0, 24);
  for (uint64_t i = 1; i <= length; ++i) {
    const bool broken = with_invalid && rng.bernoulli(3 * i, 0.1);
    const auto& pool = broken ? invalid : parts;
    text += pool[rng.below(3 * i + 1, pool.size())];
  }
  return text;
}

inline std::string random_bytes(const Rng& rng) {
  std::string text;
  const uint64_t length = rng.below(0, 40);
  for (uint64_t i = 1; i <= length; ++i) text += static_cast<char>(rng.below(i, 256));
  return text;
}

}  // namespace manyshot
