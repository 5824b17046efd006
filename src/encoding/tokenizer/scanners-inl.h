// Hand-written equals of the known split patterns: piece_end(text, pos) is where the piece that begins at `pos` ends.
// The pieces are those of the pattern in split_patterns.h, on every text (tests compare them with PCRE2). REQUIRES: pos
// < text.size(), and pos is the start or the end of a piece.
#pragma once

#include <cstddef>
#include <string_view>

#include "encoding/tokenizer/char_class.h"

namespace manyshot {

// End of the run of `char_class` characters from `pos` on.
inline size_t run_end(std::string_view text, size_t pos, CharClass char_class) {
  while (pos < text.size()) {
    const ClassifiedChar c = classify(text, pos);
    if (c.char_class != char_class) break;
    pos += c.size;
  }
  return pos;
}

// A run of white space: [begin, end), and where its last character begins.
struct SpaceRun {
  size_t last, end;
};

inline SpaceRun space_run(std::string_view text, size_t pos) {
  SpaceRun run{pos, pos};
  while (run.end < text.size()) {
    const ClassifiedChar c = classify(text, run.end);
    if (c.char_class != CharClass::kSpace) break;
    run.last = run.end;
    run.end += c.size;
  }
  return run;
}

// `\s+(?!\S)|\s+`: the last white space before a visible character is left to the next piece, unless it stands alone.
inline size_t space_piece_end(SpaceRun run, size_t begin, bool text_ends) {
  return text_ends || run.last == begin ? run.end : run.last;
}

// 's 't 'm 'd 're 've 'll behind the apostrophe at `pos`: its end, or `pos` when there is none.
template <bool kIgnoreCase>
size_t contraction_end(std::string_view text, size_t pos) {
  const auto at = [&](size_t i) {
    const char c = pos + i < text.size() ? text[pos + i] : '\0';
    return kIgnoreCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  const char first = at(1), second = at(2);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return pos + 2;
  if ((first == 'r' || first == 'v') && second == 'e') return pos + 3;
  if (first == 'l' && second == 'l') return pos + 3;
  if (kIgnoreCase && text.substr(pos + 1, 2) == "\u017f") return pos + 3;  // the long s is an s of another case
  return pos;
}

// kGpt2Pattern; with kSingleDigits kSingleDigitPattern first, so that a digit also ends the text for what stands before
// it.
template <bool kSingleDigits>
struct Gpt2Scanner {
  static size_t piece_end(std::string_view text, size_t pos) {
    ClassifiedChar c = classify(text, pos);
    if (kSingleDigits && c.char_class == CharClass::kNumber) return pos + c.size;
    if (text[pos] == '\'') {
      const size_t end = contraction_end</*kIgnoreCase=*/false>(text, pos);
      if (end > pos) return end;
    }
    size_t start = pos;
    if (text[pos] == ' ' && pos + 1 < text.size()) {
      const ClassifiedChar next = classify(text, pos + 1);
      if (next.char_class != CharClass::kSpace && !(kSingleDigits && next.char_class == CharClass::kNumber)) {
        start = pos + 1;
        c = next;
      }
    }
    if (c.char_class != CharClass::kSpace) return run_end(text, start + c.size, c.char_class);
    const SpaceRun run = space_run(text, pos);
    const bool text_ends =
        run.end == text.size() || (kSingleDigits && classify(text, run.end).char_class == CharClass::kNumber);
    return space_piece_end(run, pos, text_ends);
  }
};

// kLlama3Pattern (kMaxDigits 3) and kQwen2Pattern (1).
template <int kMaxDigits>
struct Llama3Scanner {
  static size_t piece_end(std::string_view text, size_t pos) {
    if (text[pos] == '\'') {
      const size_t end = contraction_end</*kIgnoreCase=*/true>(text, pos);
      if (end > pos) return end;
    }
    const ClassifiedChar c = classify(text, pos);
    if (c.char_class == CharClass::kLetter) return run_end(text, pos + c.size, CharClass::kLetter);
    if (c.char_class == CharClass::kNumber) return number_end(text, pos + c.size);
    const size_t next = pos + c.size;
    const bool at_end = next == text.size();
    const CharClass next_class = at_end ? CharClass::kSpace : classify(text, next).char_class;
    if (!is_newline(text[pos]) && next_class == CharClass::kLetter) return run_end(text, next, CharClass::kLetter);
    if (c.char_class == CharClass::kOther || (text[pos] == ' ' && next_class == CharClass::kOther)) {
      return newlines_end(text, run_end(text, next, CharClass::kOther));
    }
    return white_space_end(text, pos);
  }

 private:
  static bool is_newline(char c) { return c == '\n' || c == '\r'; }

  static size_t newlines_end(std::string_view text, size_t pos) {
    while (pos < text.size() && is_newline(text[pos])) ++pos;
    return pos;
  }

  static size_t number_end(std::string_view text, size_t pos) {
    for (int digit = 1; digit < kMaxDigits && pos < text.size(); ++digit) {
      const ClassifiedChar c = classify(text, pos);
      if (c.char_class != CharClass::kNumber) break;
      pos += c.size;
    }
    return pos;
  }

  // `\s*[\r\n]+` reaches to the last newline of the run; without one it is white space as in GPT-2.
  static size_t white_space_end(std::string_view text, size_t pos) {
    const SpaceRun run = space_run(text, pos);
    const size_t newline = text.substr(pos, run.end - pos).find_last_of("\r\n");
    if (newline != std::string_view::npos) return pos + newline + 1;
    return space_piece_end(run, pos, run.end == text.size());
  }
};

}  // namespace manyshot
