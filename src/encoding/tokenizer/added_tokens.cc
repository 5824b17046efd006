#include "encoding/tokenizer/added_tokens.h"

#include <algorithm>

#include "encoding/tokenizer/char_class.h"

namespace manyshot {
namespace {

uint8_t first_byte(const AddedToken& token) { return static_cast<uint8_t>(token.text.front()); }

// Where the white space that ends at `end` begins, at or after `limit`.
size_t space_before(std::string_view text, size_t limit, size_t end) {
  size_t begin = end;
  for (size_t pos = limit; pos < end;) {
    const ClassifiedChar c = classify(text, pos);
    pos += c.size;
    if (c.char_class != CharClass::kSpace)
      begin = end;
    else if (begin == end)
      begin = pos - c.size;
  }
  return begin;
}

size_t space_behind(std::string_view text, size_t pos) {
  while (pos < text.size()) {
    const ClassifiedChar c = classify(text, pos);
    if (c.char_class != CharClass::kSpace) break;
    pos += c.size;
  }
  return pos;
}

}  // namespace

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::erase_if(tokens_, [](const AddedToken& token) { return token.text.empty(); });
  std::sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) {
    if (first_byte(a) != first_byte(b)) return first_byte(a) < first_byte(b);
    if (a.text.size() != b.text.size()) return a.text.size() > b.text.size();
    return a.text < b.text;
  });
  for (const AddedToken& token : tokens_) ++by_first_byte_[first_byte(token) + size_t{1}];
  for (size_t byte = 0; byte < 256; ++byte) by_first_byte_[byte + 1] += by_first_byte_[byte];
}

const AddedToken* AddedTokenFinder::match(std::string_view text, size_t pos) const {
  const auto byte = static_cast<uint8_t>(text[pos]);
  for (size_t i = by_first_byte_[byte]; i < by_first_byte_[byte + size_t{1}]; ++i) {
    if (text.substr(pos).starts_with(tokens_[i].text)) return &tokens_[i];
  }
  return nullptr;
}

AddedTokenFinder::Stretch AddedTokenFinder::next(std::string_view text, size_t begin, bool parse_special) const {
  size_t pos = tokens_.empty() ? text.size() : begin;
  while (pos < text.size()) {
    const AddedToken* token = match(text, pos);
    if (!token) {
      ++pos;
      continue;
    }
    const size_t end = pos + token->text.size();
    if (!token->special || parse_special) {
      return {.begin = begin,
              .end = token->lstrip ? space_before(text, begin, pos) : pos,
              .token = token->id,
              .next = token->rstrip ? space_behind(text, end) : end};
    }
    pos = end;
  }
  return {.begin = begin, .end = text.size(), .token = std::nullopt, .next = text.size()};
}

}  // namespace manyshot
