// Invented words: pronounceable, of four to five letters, and none of them English.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/rng.h"

namespace manyshot::lab {

// Tokens of a text by some model's tokenizer.
using TokenCounter = std::function<size_t(std::string_view)>;

// How long a text is to a model: its tokens, or its bytes where no tokenizer is given.
size_t length_of(std::string_view text, const TokenCounter& count_tokens);

// "glon" -> "glons", which is right for every invented word.
std::string plural_of(const std::string& word);

// Every word of 4 to 5 letters that can be invented, in the order of its letters: a beginning, a vowel and an end
// ("glomp"), or two syllables ("tavep"). All take a plain -s, and none is a common English word.
std::vector<std::string> inventable_words();

// How words are written: "glon", or "Glon" as people's names are.
enum class WordCase { kLower, kCapital };

// Words by seed. All that it ever gives differ by two letters at least (edit distance), so that none is the beginning
// of another. With a tokenizer, words that are one token behind a blank are left out: they are no news to the model.
class WordSource {
 public:
  explicit WordSource(const Rng& rng, const TokenCounter& count_tokens = {}, WordCase word_case = WordCase::kLower);

  // The next `n` words, all of one length to a model, alone and in the plural: the smallest length with enough words
  // left. Throws Error(kBadInput) when there are no `n` such words.
  std::vector<std::string> take(size_t n);

 private:
  using Length = std::pair<size_t, size_t>;  // alone, in the plural
  std::string written(std::string word) const;
  bool is_apart(const std::string& word) const;
  void use(const std::string& word);

  WordCase word_case_;
  std::vector<std::pair<Length, std::vector<std::string>>> by_length_;  // shuffled
  std::unordered_set<std::string> near_;                                // see near_keys()
};

}  // namespace manyshot::lab
