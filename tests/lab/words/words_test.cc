#include "lab/words/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lab/words/english_words.h"
#include "support/error.h"

namespace manyshot::lab {
namespace {

// Levenshtein, straight from its definition.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t row = 0; row <= a.size(); ++row) {
    for (size_t column = 0; column <= b.size(); ++column) {
      if (row == 0 || column == 0) {
        cost[row][column] = row + column;
        continue;
      }
      cost[row][column] = std::min({cost[row - 1][column] + 1, cost[row][column - 1] + 1,
                                    cost[row - 1][column - 1] + (a[row - 1] != b[column - 1])});
    }
  }
  return cost[a.size()][b.size()];
}

TEST(Words, AreApartShortAndNotEnglish) {
  WordSource source(Rng(3));
  std::vector<std::string> words = source.take(200);
  const std::vector<std::string> more = source.take(300);
  EXPECT_EQ(std::set(words.begin(), words.end()).size(), 200u);
  for (const auto& taken : {words, more}) {
    for (const std::string& word : taken) EXPECT_EQ(word.size(), taken.front().size());
  }
  words.insert(words.end(), more.begin(), more.end());
  for (size_t word = 0; word < words.size(); ++word) {
    EXPECT_THAT(words[word].size(), ::testing::AllOf(::testing::Ge(4u), ::testing::Le(5u)));
    EXPECT_FALSE(is_common_english(words[word])) << words[word];
    EXPECT_EQ(std::string("sxzy").find(words[word].back()), std::string::npos) << words[word];
    for (size_t other = 0; other < word; ++other) {
      ASSERT_GE(edit_distance(words[word], words[other]), 2u) << words[word] << " " << words[other];
      ASSERT_FALSE(words[word].starts_with(words[other]) || words[other].starts_with(words[word]));
    }
  }
}

TEST(Words, AreTheSameBySeedAlone) {
  EXPECT_EQ(WordSource(Rng(3)).take(50), WordSource(Rng(3)).take(50));
  EXPECT_NE(WordSource(Rng(3)).take(50), WordSource(Rng(4)).take(50));
}

TEST(Words, HaveOneTokenCountEach) {
  // A made-up tokenizer: a token for every vowel, one more for what ends in -s behind "p".
  const TokenCounter count = [](std::string_view text) {
    return static_cast<size_t>(std::ranges::count_if(
               text, [](char c) { return std::string_view("aeiou").find(c) != std::string::npos; })) +
           (text.ends_with("ps") ? 1 : 0);
  };
  WordSource source(Rng(1), count);
  for (const std::string& word : source.take(100)) {
    EXPECT_EQ(count(" " + word), 2u) << word;  // one token alone: known to the model
    EXPECT_EQ(count(" " + plural_of(word)), 2u) << word;
  }
}

TEST(Words, NamesAreMeasuredAsTheyAreWritten) {
  // Capitals "G" to "Z" are a token of their own.
  const TokenCounter count = [](std::string_view text) {
    return size_t{2} + (std::ranges::any_of(text, [](char c) { return c >= 'G' && c <= 'Z'; }) ? 1 : 0);
  };
  for (const std::string& name : WordSource(Rng(1), count, WordCase::kCapital).take(100)) {
    EXPECT_TRUE(name[0] >= 'A' && name[0] <= 'F') << name;
  }
}

TEST(Words, EnoughForTheLargestKind) {
  WordSource source(Rng(5));
  EXPECT_EQ(source.take(1000).size(), 1000u);
}

TEST(Words, TooManyAreRefused) {
  WordSource source(Rng(5));
  EXPECT_ERROR(source.take(100000), ErrorKind::kBadInput, "100000 invented words are needed, but only");
  EXPECT_EQ(source.take(10), WordSource(Rng(5)).take(10)) << "a refusal uses no words";
}

TEST(Words, EnglishIsKnown) {
  for (const char* word : {"milk", "plant", "robin", "stamp"}) EXPECT_TRUE(is_common_english(word)) << word;
  EXPECT_FALSE(is_common_english("glomp"));
  EXPECT_GT(inventable_words().size(), 20000u);
}

}  // namespace
}  // namespace manyshot::lab
