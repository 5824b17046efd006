// The scanners cut every text where PCRE2 cuts it with the pattern they stand for.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/files.h"
#include "encoding/tokenizer/char_class.h"
#include "encoding/tokenizer/regex_splitter.h"
#include "encoding/tokenizer/scanners-inl.h"
#include "encoding/tokenizer/split_patterns.h"
#include "encoding/tokenizer/testing.h"
#include "support/error.h"
#include "support/source_path.h"

namespace manyshot {
namespace {

template <class Scanner>
std::vector<size_t> scanner_ends(std::string_view text) {
  std::vector<size_t> ends;
  for (size_t pos = 0; pos < text.size();) ends.push_back(pos = Scanner::piece_end(text, pos));
  return ends;
}

struct Gpt2 {
  using Scanner = Gpt2Scanner<false>;
  static std::vector<std::string> patterns() { return {kGpt2Pattern}; }
};
struct Smollm {
  using Scanner = Gpt2Scanner<true>;
  static std::vector<std::string> patterns() { return {kSingleDigitPattern, kGpt2Pattern}; }
};
struct Qwen2 {
  using Scanner = Llama3Scanner<1>;
  static std::vector<std::string> patterns() { return {kQwen2Pattern}; }
};
struct Llama3 {
  using Scanner = Llama3Scanner<3>;
  static std::vector<std::string> patterns() { return {kLlama3Pattern}; }
};

template <class Family>
class ScannerTest : public ::testing::Test {
 protected:
  void expect_equal(std::string_view text) {
    const std::vector<size_t> expected = regex_.piece_ends(text);
    if (scanner_ends<typename Family::Scanner>(text) != expected)
      ADD_FAILURE() << ::testing::PrintToString(std::string(text));
  }
  RegexSplitter regex_{Family::patterns(), "test"};
};
using Families = ::testing::Types<Gpt2, Smollm, Qwen2, Llama3>;
TYPED_TEST_SUITE(ScannerTest, Families);

TYPED_TEST(ScannerTest, EqualsPcre2OnHardTexts) {
  const Rng rng(1);
  for (uint64_t i = 0; i < 20000; ++i) this->expect_equal(hard_text(rng.child("text", i), /*with_invalid=*/i % 2 == 1));
}

TYPED_TEST(ScannerTest, EqualsPcre2OnRandomBytes) {
  const Rng rng(2);
  for (uint64_t i = 0; i < 5000; ++i) this->expect_equal(random_bytes(rng.child("bytes", i)));
}

TYPED_TEST(ScannerTest, EqualsPcre2OnEveryPairOfClasses) {
  const std::vector<std::string> characters = {" ",  "\n", "\r", "\t", "\u3000", "a",    "S",
                                               "文", "1",  "½",  "'",  ".",      "🙂", "\xff"};
  const size_t n = characters.size();
  for (size_t code = 0; code < n * n * n * n; ++code) {
    std::string text;
    for (size_t rest = code, i = 0; i < 4; ++i, rest /= n) text += characters[rest % n];
    this->expect_equal(text);
  }
}

TYPED_TEST(ScannerTest, EqualsPcre2OnSourceCode) {
  const std::string sources = source_path("src/core");
  for (const auto& entry : std::filesystem::directory_iterator(sources)) this->expect_equal(read_file(entry.path()));
}

// Where `pattern` matches among all code points, each between two U+0001.
std::vector<bool> matching_code_points(const std::string& pattern) {
  std::string text;
  std::vector<size_t> code_point_at;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    append_utf8(c, text);
    code_point_at.resize(text.size(), c);
    text += '\x01';
    code_point_at.push_back(0);
  }
  std::vector<bool> matches(0x110000);
  for (const size_t end : RegexSplitter({pattern}, "test").piece_ends(text)) {
    if (end < text.size() && text[end] != '\x01') matches[code_point_at[end]] = true;
  }
  return matches;
}

TEST(CharClass, IsPcre2sForEveryAssignedCharacter) {
  const std::vector<bool> letters = matching_code_points(R"(\p{L})"), numbers = matching_code_points(R"(\p{N})"),
                          spaces = matching_code_points(R"(\s)"), unassigned = matching_code_points(R"(\p{Cn})");
  for (char32_t c = 2; c < 0x110000; ++c) {
    if ((c >= 0xD800 && c < 0xE000) || unassigned[c]) continue;  // PCRE2 may know an older Unicode
    const CharClass expected = letters[c]   ? CharClass::kLetter
                               : numbers[c] ? CharClass::kNumber
                               : spaces[c]  ? CharClass::kSpace
                                            : CharClass::kOther;
    ASSERT_EQ(static_cast<int>(char_class(c)), static_cast<int>(expected)) << std::hex << static_cast<uint32_t>(c);
  }
}

TEST(CharClass, KnowsUnicode16) {
  EXPECT_EQ(char_class(0x31350), CharClass::kLetter);  // Han extension H, Unicode 15
  EXPECT_EQ(char_class(0x10D40), CharClass::kNumber);  // Garay digit, Unicode 16
}

std::vector<std::string> pieces(const RegexSplitter& splitter, std::string_view text) {
  std::vector<std::string> result;
  size_t begin = 0;
  for (const size_t end : splitter.piece_ends(text)) {
    result.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return result;
}

TEST(RegexSplitter, KeepsMatchesAndWhatStandsBetweenThem) {
  const RegexSplitter splitter({R"(\d\d)", "b"}, "test");
  EXPECT_EQ(pieces(splitter, "ab123bc"), (std::vector<std::string>{"a", "b", "12", "3", "b", "c"}));
  EXPECT_TRUE(splitter.piece_ends("").empty());
}

TEST(RegexSplitter, AnEmptyMatchSplitsToo) {
  EXPECT_EQ(pieces(RegexSplitter({"x*"}, "test"), "aéxb"), (std::vector<std::string>{"a", "é", "x", "b"}));
}

TEST(RegexSplitter, WhiteSpaceIsUnicodes) {
  const RegexSplitter splitter({R"(\s+|[x\s]\S)"}, "test");
  EXPECT_EQ(pieces(splitter, "a\u2003\u0085b\u180exc"),
            (std::vector<std::string>{"a", "\u2003\u0085", "b\u180e", "xc"}));
}

TEST(RegexSplitter, NamesAPatternItCannotUse) {
  EXPECT_ERROR(RegexSplitter({"(a"}, "t.json"), ErrorKind::kUnsupported,
               "t.json: cannot use the pre-tokenizer pattern \"(a\": missing closing");
  EXPECT_ERROR(RegexSplitter({R"([a&&[b]])"}, "t.json"), ErrorKind::kUnsupported, "a class inside a class");
  EXPECT_ERROR(RegexSplitter({R"([\S])"}, "t.json"), ErrorKind::kUnsupported, "\\S inside a class");
  EXPECT_ERROR(RegexSplitter({R"(\h)"}, "t.json"), ErrorKind::kUnsupported, "\\h is not known here");
}

TEST(RegexSplitter, GivesUpOnAPatternThatBacktracksForEver) {
  const RegexSplitter splitter({"(a+)+[bc]"}, "t.json");
  EXPECT_ERROR(splitter.piece_ends(std::string(64, 'a')), ErrorKind::kUnsupported, "match limit exceeded");
}

}  // namespace
}  // namespace manyshot
