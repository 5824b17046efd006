#include "core/text.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdint>
#include <string>
#include <vector>

namespace manyshot {
namespace {

using Names = std::vector<std::string>;

TEST(NearestName, FindsSlips) {
  const Names names = {"age", "income", "target"};
  EXPECT_EQ(nearest_name("agee", names), "age");
  EXPECT_EQ(nearest_name("AGE", names), "age");
  EXPECT_EQ(nearest_name("icnome", names), "income");  // one swap
  EXPECT_EQ(nearest_name("tagret", names), "target");
}

TEST(NearestName, SaysNothingWhenNoneIsNear) {
  EXPECT_EQ(nearest_name("colour", Names{"age", "income"}), std::nullopt);
  EXPECT_EQ(nearest_name("x", Names{"y"}), std::nullopt);
  EXPECT_EQ(nearest_name("age", Names{}), std::nullopt);
}

TEST(NearestName, AThirdOfTheLongerLengthIsTheLimit) {
  EXPECT_EQ(nearest_name("abcxyf", Names{"abcdef"}), "abcdef");      // 2 of 6
  EXPECT_EQ(nearest_name("abxyzf", Names{"abcdef"}), std::nullopt);  // 3 of 6
}

TEST(NearestName, TheFirstOfEquallyNearOnesWins) { EXPECT_EQ(nearest_name("cat", Names{"bat", "rat"}), "bat"); }

TEST(NearestName, LongNamesAreNotCompared) {
  EXPECT_EQ(nearest_name(std::string(255, 'a'), Names{std::string(256, 'a')}), std::string(256, 'a'));
  EXPECT_EQ(nearest_name(std::string(256, 'a'), Names{std::string(257, 'a')}), std::nullopt);
}

TEST(DidYouMean, EndsAMessage) {
  EXPECT_EQ(did_you_mean("agee", Names{"age"}), "; did you mean \"age\"?");
  EXPECT_EQ(did_you_mean("zzzz", Names{"age"}), "");
}

TEST(ListNames, JoinsAndCounts) {
  EXPECT_EQ(list_names(Names{}), "");
  EXPECT_EQ(list_names(Names{"a", "b"}), "\"a\", \"b\"");
  EXPECT_EQ(list_names(Names{"a", "b", "c", "d"}, 2), "\"a\", \"b\" and 2 more");
  EXPECT_EQ(list_names(Names{"a", "b"}, 0), "2 more");
}

TEST(Excerpt, KeepsShortText) {
  EXPECT_EQ(excerpt("12O"), "12O");
  EXPECT_EQ(excerpt("naïve 猫"), "naïve 猫");
  EXPECT_EQ(excerpt(std::string(60, 'x')), std::string(60, 'x'));
}

TEST(Excerpt, EscapesWhatWouldUpsetATerminal) {
  EXPECT_EQ(excerpt("a\tb\r\n\x1b[31m\x7f"), "a\\tb\\r\\n\\x1b[31m\\x7f");
  EXPECT_EQ(excerpt(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(excerpt("caf\xe9!"), "caf\\xe9!");
  EXPECT_EQ(excerpt("\xc2\x9b"), "\\u009b");
}

TEST(Excerpt, CutsBetweenCharactersAndTellsTheLength) {
  EXPECT_EQ(excerpt("abcdef", 3), "abc… (6 bytes)");
  EXPECT_EQ(excerpt("ab猫", 4), "ab… (5 bytes)");
  EXPECT_EQ(excerpt(std::string(100000, 'x')), std::string(60, 'x') + "… (100000 bytes)");
}

TEST(FindInvalidUtf8, AcceptsAllLengths) {
  EXPECT_EQ(find_invalid_utf8(""), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("plain ascii that is longer than a word"), std::nullopt);
  EXPECT_EQ(
      find_invalid_utf8("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"),
      std::nullopt);
}

TEST(FindInvalidUtf8, FindsEachKindOfFault) {
  const Names faults = {"\x80",
                        "\xbf",
                        "\xc0\x80",
                        "\xc1\xbf",
                        "\xc2",
                        "\xc2 ",
                        "\xe0\x9f\xbf",
                        "\xe2\x82",
                        "\xed\xa0\x80",
                        "\xf0\x8f\xbf\xbf",
                        "\xf0\x90\x80",
                        "\xf4\x90\x80\x80",
                        "\xf5\x80\x80\x80",
                        "\xff"};
  for (const std::string& fault : faults) {
    for (const size_t before : {0u, 3u, 8u, 17u}) {
      EXPECT_EQ(find_invalid_utf8(std::string(before, 'a') + fault), before) << ::testing::PrintToString(fault);
    }
  }
}

TEST(WithThousands, SetsCommas) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(-123), "-123");
  EXPECT_EQ(with_thousands(-1234), "-1,234");
  EXPECT_EQ(with_thousands(LLONG_MIN), "-9,223,372,036,854,775,808");
}

TEST(FormatBytes, PicksUnitAndDigits) {
  EXPECT_EQ(format_bytes(0), "0 bytes");
  EXPECT_EQ(format_bytes(1), "1 byte");
  EXPECT_EQ(format_bytes(1023), "1023 bytes");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(640 << 10), "640 KiB");
  EXPECT_EQ(format_bytes((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(format_bytes(1288490189), "1.2 GiB");
  EXPECT_EQ(format_bytes(ULLONG_MAX), "16.0 EiB");
}

TEST(ParseExact, ReadsTheWholeTextOrNothing) {
  EXPECT_EQ(parse_exact<int>("-12"), -12);
  EXPECT_EQ(parse_exact<uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_exact<double>("2.5e-1"), 0.25);
  for (const char* text : {"", " 1", "1 ", "1x", "+1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_exact<uint64_t>(text)) << text;
  }
}

}  // namespace
}  // namespace manyshot
