#include "encoding/parts/text_terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace manyshot {
namespace {

std::set<uint32_t> places(std::string_view text) {
  std::set<uint32_t> result;
  for (const TextTerm& term : text_terms(text)) result.insert(term.place);
  return result;
}

size_t num_shared(std::string_view a, std::string_view b) {
  const std::set<uint32_t> of_a = places(a), of_b = places(b);
  return static_cast<size_t>(std::ranges::count_if(of_a, [&](uint32_t place) { return of_b.contains(place); }));
}

TEST(TextTerms, AreSortedAndEachStandsOnce) {
  const std::vector<TextTerm> terms = text_terms("the cat and the dog and the bird");
  for (size_t i = 1; i < terms.size(); ++i) EXPECT_LT(terms[i - 1].place, terms[i].place);
  EXPECT_LT(terms.back().place, kTextPlaces);
  EXPECT_NEAR(std::ranges::max(terms, {}, &TextTerm::weight).weight, 1 + std::log(3), 1e-12) << "the, three times";
}

TEST(TextTerms, WordsCountWhateverTheirCaseAndPlace) {
  EXPECT_GE(num_shared("a REFUND please", "Refund, now!"), 1u + 6 + 5) << "word, its runs of three and of four";
  EXPECT_EQ(num_shared("apple", "zbrk"), 0u);
  EXPECT_GT(num_shared("walking", "walked"), 3u) << "runs of characters";
  EXPECT_GT(num_shared("new york", "in new york"), num_shared("new york", "in york new")) << "pairs";
}

TEST(TextTerms, CharactersAreNotCutIntoBytes) {
  EXPECT_EQ(places("日本語").size(), 2u + 3 + 2) << "text and word, runs of three and of four of the five with frame";
  EXPECT_EQ(num_shared("日本語", "日本人"), 1u) << "the first run of three";
}

TEST(TextTerms, AnyBytesAreRead) {
  EXPECT_TRUE(text_terms("").empty());
  EXPECT_EQ(text_terms(" ,.; ").size(), 1u) << "the text as a whole";
  EXPECT_FALSE(text_terms("\x80\xBF\xFF").empty());
  const std::string nulls("\0a\0", 3);
  EXPECT_FALSE(text_terms(nulls).empty());
  EXPECT_LE(text_terms(std::string(1'000'000, 'x')).size(), 8u) << "text, word, and runs at both ends and between";
}

}  // namespace
}  // namespace manyshot
