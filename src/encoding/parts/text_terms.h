// A text as numbers: how often its words, pairs of neighbouring words, and runs of three and four characters inside
// words occur in it, hashed to a fixed number of places (Weinberger et al. 2009, "Feature hashing for large scale
// multitask learning", arXiv 0902.2206).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace manyshot {

// The first half of the places is that of words, pairs and whole texts, the second that of runs of characters.
inline constexpr uint32_t kTextPlaces = 16'384;
inline constexpr uint32_t kWordPlaces = kTextPlaces / 2;

struct TextTerm {
  uint32_t place = 0;
  double weight = 0;
};

// Terms of `text`, by ascending place, each once; the weight is 1 + ln(how often it occurs). Words are letters, digits
// and all that is not ASCII, ASCII letters in lower case; of long texts the first 10,000 bytes count. UTF-8 that is not
// well formed is read byte by byte.
std::vector<TextTerm> text_terms(std::string_view text);

}  // namespace manyshot
