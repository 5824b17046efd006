// Pieces of a text that is being written, against the whole.
#include "generate/written_text.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/rng.h"
#include "core/text.h"

namespace manyshot {
namespace {

// Writes `text` in pieces of at most `most` bytes; every piece that comes out must be UTF-8.
std::string write(std::string_view text, const std::vector<std::string>& stop, const Rng& rng, size_t most) {
  WrittenText written(stop);
  std::string result;
  bool stopped = false;
  for (size_t pos = 0; pos < text.size() && !stopped;) {
    const size_t count = std::min(text.size() - pos, 1 + static_cast<size_t>(rng.below(pos, most)));
    stopped = written.append(text.substr(pos, count));
    pos += count;
    const std::string piece = written.take(/*is_end=*/false);
    EXPECT_FALSE(find_invalid_utf8(piece).has_value()) << excerpt(piece);
    result += piece;
  }
  return result + written.take(/*is_end=*/true);
}

TEST(WrittenText, IsTheTextBeforeTheFirstStop) {
  const std::string text = "Größe 3 m² — ab\nabaab\n\nEnde 🙂🙂 STOP danach";
  for (const std::vector<std::string>& stop : std::vector<std::vector<std::string>>{
           {}, {"STOP"}, {"aab"}, {"\n\n", "Ende"}, {"nowhere"}, {"²"}, {"🙂S", "🙂 "}}) {
    size_t end = text.size();
    for (const std::string& word : stop) end = std::min(end, text.find(word));
    for (uint64_t seed = 0; seed < 50; ++seed) {
      EXPECT_EQ(write(text, stop, Rng(seed), 1 + seed % 7), text.substr(0, end)) << seed;
    }
  }
}

TEST(WrittenText, HoldsBackWhatAStopMayTake) {
  WrittenText written({"\nQ:"});
  EXPECT_FALSE(written.append("A: 3\n"));
  EXPECT_EQ(written.take(false), "A: 3");
  EXPECT_FALSE(written.append("Q"));
  EXPECT_EQ(written.take(false), "");
  EXPECT_FALSE(written.append("uick"));
  EXPECT_EQ(written.take(false), "\nQuick");
  EXPECT_FALSE(written.append("\nQ"));
  EXPECT_TRUE(written.append(": next"));
  EXPECT_EQ(written.take(false), "");
  EXPECT_TRUE(written.append("more"));
  EXPECT_EQ(written.take(true), "");
}

TEST(WrittenText, HoldsBackCutCharacters) {
  WrittenText written({});
  written.append("a\xF0\x9F");
  EXPECT_EQ(written.take(false), "a");
  written.append("\x99\x82");
  EXPECT_EQ(written.take(false), "🙂");
  written.append("\xC3");
  EXPECT_EQ(written.take(true), "\uFFFD") << "cut for good";
}

TEST(WrittenText, ReplacesBytesThatAreNoCharacter) {
  WrittenText written({});
  written.append("a\xFFz\x80\x80\x80\x80");
  EXPECT_EQ(written.take(false) + written.take(true), "a\uFFFDz\uFFFD\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace manyshot
