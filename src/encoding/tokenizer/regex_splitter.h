// Cuts text by regular expressions: the general way, for patterns without a scanner of their own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// Each pattern in turn splits every piece the ones before it left: matches and the text between them are the new pieces
// (Hugging Face's "Isolated"). Patterns are PCRE2's with Unicode properties, but \s is Unicode's White_Space and ^ $
// stand at line ends, as in the Oniguruma syntax of tokenizer.json. A byte that is not UTF-8 counts as a character that
// is no letter, number or white space. Safe to use from several threads.
class RegexSplitter {
 public:
  // Throws Error(kUnsupported) naming the pattern if PCRE2 cannot read it or it means something else in Oniguruma.
  RegexSplitter(const std::vector<std::string>& patterns, const std::string& source);
  ~RegexSplitter();
  RegexSplitter(RegexSplitter&&) noexcept;

  // The ends of the pieces of `text`, ascending; the last is text.size(). None for an empty text. Throws
  // Error(kUnsupported) when matching exceeds PCRE2's limits.
  std::vector<size_t> piece_ends(std::string_view text) const;

 private:
  class Pattern;
  std::vector<std::unique_ptr<Pattern>> patterns_;
};

}  // namespace manyshot
