#include "encoding/parts/text_terms.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace manyshot {
namespace {

constexpr size_t kMostBytes = 10'000;

// FNV-1a of 64 bits, of a letter that tells the kind of the term, and its bytes.
uint64_t hash_of(char kind, std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3; };
  add(kind);
  for (const char c : bytes) add(c);
  return hash ^ (hash >> 32);
}

bool is_of_word(char c) {
  return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (is_of_word(c)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// Where the characters of `word` begin, and its end.
std::vector<size_t> character_bounds(std::string_view word) {
  std::vector<size_t> bounds;
  for (size_t i = 0; i < word.size(); ++i) {
    if ((word[i] & 0xC0) != 0x80) bounds.push_back(i);
  }
  if (bounds.empty() || bounds.front() != 0) bounds.insert(bounds.begin(), 0);
  bounds.push_back(word.size());
  return bounds;
}

}  // namespace

std::vector<TextTerm> text_terms(std::string_view text) {
  text = text.substr(0, kMostBytes);
  const std::vector<std::string> words = words_of(text);
  std::vector<uint32_t> places;
  const auto add_word = [&](char kind, std::string_view term) {
    places.push_back(static_cast<uint32_t>(hash_of(kind, term) % kWordPlaces));
  };
  if (!text.empty()) add_word('t', text);
  for (size_t i = 0; i < words.size(); ++i) {
    add_word('w', words[i]);
    if (i > 0) add_word('p', words[i - 1] + " " + words[i]);
    const std::string framed = "<" + words[i] + ">";
    const std::vector<size_t> bounds = character_bounds(framed);
    for (const size_t length : {3, 4}) {
      for (size_t first = 0; first + length < bounds.size(); ++first) {
        const auto run = std::string_view(framed).substr(bounds[first], bounds[first + length] - bounds[first]);
        places.push_back(kWordPlaces + static_cast<uint32_t>(hash_of('c', run) % (kTextPlaces - kWordPlaces)));
      }
    }
  }
  std::ranges::sort(places);
  std::vector<TextTerm> terms;
  for (size_t i = 0; i < places.size();) {
    size_t end = i;
    while (end < places.size() && places[end] == places[i]) ++end;
    terms.push_back({.place = places[i], .weight = 1 + std::log(static_cast<double>(end - i))});
    i = end;
  }
  return terms;
}

}  // namespace manyshot
