#include "table/respelling.h"

#include "table/cell_values.h"

namespace manyshot {
namespace {

constexpr int32_t kNone = -1, kSeveral = -2;

// Without blanks at either end, in lower case, typographic forms as ASCII. Capitals with accents, Greek and Cyrillic
// ones included (two bytes each).
std::string fold(std::string_view text) {
  std::string folded = fold_typography(text);
  for (size_t i = 0; i < folded.size(); ++i) {
    const auto byte = static_cast<uint8_t>(folded[i]);
    if (byte >= 'A' && byte <= 'Z') folded[i] = static_cast<char>(byte + ('a' - 'A'));
    if (byte < 0xC0 || i + 1 == folded.size()) continue;
    auto& next = reinterpret_cast<uint8_t&>(folded[i + 1]);
    if (byte == 0xC3 && next >= 0x80 && next <= 0x9E && next != 0x97) next += 0x20;      // À to Þ
    if (byte == 0xCE && next >= 0x91 && next <= 0x9F) next += 0x20;                      // Α to Ο
    if (byte == 0xCE && next >= 0xA0 && next <= 0xA9) folded[i] = '\xCF', next -= 0x20;  // Π to Ω
    if (byte == 0xD0 && next >= 0x90 && next <= 0x9F) next += 0x20;                      // А to П
    if (byte == 0xD0 && next >= 0xA0 && next <= 0xAF) folded[i] = '\xD1', next -= 0x20;  // Р to Я
  }
  return folded;
}

int32_t known(int32_t index) { return index == kSeveral ? kNone : index; }

}  // namespace

template <class Map, class Key>
void Respelling::add(Map& map, const Key& key, int32_t index) {
  const auto [place, is_new] = map.try_emplace(key, index);
  if (is_new) return;
  if (!twins_ && place->second >= 0) twins_ = {place->second, index};
  place->second = kSeveral;
}

Respelling::Respelling(std::span<const std::string> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    add(trimmed_, std::string(trim_blanks(names[i])), index);
    add(folded_, fold(names[i]), index);
    if (const auto number = parse_number(names[i], NumberStyle::kPoint)) add(numbers_, *number, index);
  }
}

int32_t Respelling::find(std::string_view text) const {
  if (const auto found = trimmed_.find(trim_blanks(text)); found != trimmed_.end()) return known(found->second);
  if (const auto number = parse_number(text, NumberStyle::kPoint)) {
    if (const auto found = numbers_.find(*number); found != numbers_.end()) return known(found->second);
  }
  const auto found = folded_.find(fold(text));
  return found == folded_.end() ? kNone : known(found->second);
}

}  // namespace manyshot
