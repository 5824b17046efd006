#include "encoding/tokenizer/char_class.h"

#include <algorithm>
#include <span>
#include <vector>

#include "encoding/tokenizer/utf8.h"

namespace manyshot {
namespace {

struct Range {
  char32_t first, last;
};

#include "encoding/tokenizer/char_ranges.inc"  // kLetters, kNumbers, kSpaces

// Pages of 128 characters; equal pages (all letters, nothing at all) are stored once.
class ClassTable {
 public:
  ClassTable() : page_of_(kNumCodePoints / kPageSize) {
    std::vector<CharClass> classes(kNumCodePoints, CharClass::kOther);
    const auto fill = [&](const auto& ranges, CharClass value) {
      for (const Range& range : ranges)
        std::fill(classes.begin() + range.first, classes.begin() + range.last + 1, value);
    };
    fill(kLetters, CharClass::kLetter);
    fill(kNumbers, CharClass::kNumber);
    fill(kSpaces, CharClass::kSpace);
    for (size_t page = 0; page < page_of_.size(); ++page)
      page_of_[page] = store({classes.data() + page * kPageSize, kPageSize});
  }

  CharClass operator[](char32_t code_point) const {
    return classes_[page_of_[code_point / kPageSize] * kPageSize + code_point % kPageSize];
  }

 private:
  static constexpr size_t kNumCodePoints = 0x110000;
  static constexpr size_t kPageSize = 128;

  uint16_t store(std::span<const CharClass> page) {
    for (size_t start = 0; start < classes_.size(); start += kPageSize) {
      if (std::equal(page.begin(), page.end(), classes_.begin() + start))
        return static_cast<uint16_t>(start / kPageSize);
    }
    classes_.insert(classes_.end(), page.begin(), page.end());
    return static_cast<uint16_t>(classes_.size() / kPageSize - 1);
  }

  std::vector<uint16_t> page_of_;
  std::vector<CharClass> classes_;
};

}  // namespace

CharClass char_class(char32_t code_point) {
  static const ClassTable table;
  return table[code_point];
}

ClassifiedChar classify_multibyte(std::string_view text, size_t pos) {
  const Utf8Char c = decode_utf8(text, pos);
  if (c.code_point == Utf8Char::kInvalid) return {CharClass::kOther, 1};
  return {char_class(c.code_point), static_cast<uint8_t>(c.size)};
}

}  // namespace manyshot
