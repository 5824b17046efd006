#include "lab/words/words.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/error.h"
#include "lab/words/english_words.h"

namespace manyshot::lab {
namespace {

constexpr std::array<std::string_view, 36> kBeginnings{
    "b",  "d",  "f",  "g",  "h",  "j",  "k",  "l",  "m",  "n",  "p",  "r",  "t",  "v",  "w",  "y",  "z",  "bl",
    "br", "dr", "fl", "fr", "gl", "gr", "kl", "kr", "pl", "pr", "sk", "sl", "sm", "sn", "sp", "st", "tr", "tw"};
constexpr std::string_view kVowels = "aeiou";
// Nothing that would take another plural than -s.
constexpr std::array<std::string_view, 33> kEnds{"b",  "d",  "g",  "k",  "l",  "m",  "n",  "p",  "r",  "t",  "lb",
                                                 "lk", "lm", "lp", "lt", "mp", "nd", "nk", "nt", "rb", "rd", "rf",
                                                 "rg", "rk", "rl", "rm", "rn", "rp", "rt", "sk", "sp", "st", "ft"};
constexpr std::string_view kSyllableBeginnings = "bdfgklmnprtvz";
constexpr std::string_view kSyllableEnds = "bdgkmnp";

constexpr size_t kLeastLetters = 4, kMostLetters = 5;

std::vector<std::string> one_syllable_words() {
  std::vector<std::string> words;
  for (const std::string_view beginning : kBeginnings) {
    for (const char vowel : kVowels) {
      for (const std::string_view end : kEnds) {
        std::string word = fmt::format("{}{}{}", beginning, vowel, end);
        if (word.size() >= kLeastLetters && word.size() <= kMostLetters) words.push_back(std::move(word));
      }
    }
  }
  return words;
}

std::vector<std::string> two_syllable_words() {
  std::vector<std::string> words;
  for (const char first : kSyllableBeginnings) {
    for (const char vowel : kVowels) {
      for (const char second : kSyllableBeginnings) {
        for (const char last_vowel : kVowels) {
          for (const char end : kSyllableEnds) words.push_back(std::string{first, vowel, second, last_vowel, end});
        }
      }
    }
  }
  return words;
}

// Two words of an edit distance below 2 have one of these texts in common: the word, the word with a
// letter left out, the word with a letter hidden.
std::vector<std::string> near_keys(const std::string& word) {
  std::vector<std::string> keys{word};
  for (size_t letter = 0; letter < word.size(); ++letter) {
    keys.push_back(word.substr(0, letter) + word.substr(letter + 1));
    keys.push_back(word);
    keys.back()[letter] = '*';
  }
  return keys;
}

}  // namespace

size_t length_of(std::string_view text, const TokenCounter& count_tokens) {
  return count_tokens ? count_tokens(text) : text.size();
}

std::string plural_of(const std::string& word) { return word + "s"; }

std::vector<std::string> inventable_words() {
  std::vector<std::string> words = one_syllable_words();
  const std::vector<std::string> longer = two_syllable_words();
  words.insert(words.end(), longer.begin(), longer.end());
  std::erase_if(words, [](const std::string& word) { return is_common_english(word); });
  std::ranges::sort(words);
  return words;
}

WordSource::WordSource(const Rng& rng, const TokenCounter& count_tokens, WordCase word_case) : word_case_(word_case) {
  std::map<Length, std::vector<std::string>> by_length;
  const std::vector<std::string> words = inventable_words();
  for (const uint32_t place : rng.permutation(static_cast<uint32_t>(words.size()))) {
    const std::string alone = " " + written(words[place]);
    const Length length{length_of(alone, count_tokens), length_of(plural_of(alone), count_tokens)};
    if (!count_tokens || length.first > 1) by_length[length].push_back(words[place]);
  }
  by_length_.assign(by_length.begin(), by_length.end());
}

std::vector<std::string> WordSource::take(size_t n) {
  size_t most = 0;
  for (const auto& [length, words] : by_length_) {
    const std::unordered_set<std::string> near_before = near_;
    std::vector<std::string> taken;
    for (const std::string& word : words) {
      if (taken.size() == n) break;
      if (!is_apart(word)) continue;
      use(word);
      taken.push_back(written(word));
    }
    if (taken.size() == n) return taken;
    most = std::max(most, taken.size());
    near_ = near_before;
  }
  fail(ErrorKind::kBadInput,
       "{} invented words are needed, but only {} more of one length differ enough from all others; ask for fewer", n,
       most);
}

std::string WordSource::written(std::string word) const {
  if (word_case_ == WordCase::kCapital) word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

bool WordSource::is_apart(const std::string& word) const {
  return std::ranges::none_of(near_keys(word), [&](const std::string& key) { return near_.contains(key); });
}

void WordSource::use(const std::string& word) {
  for (std::string& key : near_keys(word)) near_.insert(std::move(key));
}

}  // namespace manyshot::lab
