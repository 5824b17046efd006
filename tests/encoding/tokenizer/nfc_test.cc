#include "encoding/tokenizer/nfc.h"

#include <gtest/gtest.h>

#include "encoding/tokenizer/utf8.h"

namespace manyshot {
namespace {

std::string nfc(std::string_view text) {
  std::string buffer;
  return std::string(to_nfc(text, buffer));
}

TEST(Nfc, ComposesAndOrders) {
  EXPECT_EQ(nfc("e\u0301"), "\u00e9");
  EXPECT_EQ(nfc("\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(nfc("\u212b"), "\u00c5");
  EXPECT_EQ(nfc("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(nfc("\u0344"), "\u0308\u0301");
  EXPECT_EQ(nfc("\u304b\u3099"), "\u304c");
  EXPECT_EQ(nfc("\u0915\u093c"), "\u0915\u093c") << "U+0958 is excluded from composition";
}

TEST(Nfc, LeavesNormalTextWhereItIs) {
  std::string buffer;
  for (const std::string_view text : {"", "plain ascii text", "naïve Größe", "文字", "сообщение 🙂"}) {
    EXPECT_EQ(to_nfc(text, buffer).data(), text.data()) << text;
  }
}

TEST(Nfc, KeepsInvalidBytesAndNormalizesAroundThem) {
  EXPECT_EQ(nfc("e\u0301\xff"
                "e\u0301\xc3"),
            "\u00e9\xff\u00e9\xc3");
  EXPECT_EQ(nfc("e\xff\u0301"), "e\xff\u0301") << "nothing composes across them";
  EXPECT_EQ(nfc(std::string_view("e\u0301\0e\u0301", 7)), std::string_view("\u00e9\0\u00e9", 5))
      << "a zero byte is text";
}

// With U+212B in the text the library looks at every character; an inert one must come back as it was, in its place.
TEST(Nfc, InertCharactersNeverChange) {
  for (const std::string_view before : {"a", "q\u0315", "\u304b", "\u1100", "\uac00"}) {
    for (char32_t c = 0; c < 0x20000; ++c) {
      if (!is_nfc_inert(c)) continue;
      std::string text(before);
      append_utf8(c, text);
      text += 'A';
      ASSERT_EQ(nfc(text + "\u212b"), text + "\u00c5") << std::hex << static_cast<uint32_t>(c) << " after " << before;
    }
  }
}

}  // namespace
}  // namespace manyshot
