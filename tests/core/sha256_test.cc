#include "core/sha256.h"

#include <gtest/gtest.h>

#include "support/temporary_folder.h"

namespace manyshot {
namespace {

std::string hash(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

// FIPS 180-4 examples, and sha256sum.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PartsAddUp) {
  const std::string text(300, 'x');
  for (const size_t cut : {0, 1, 55, 56, 63, 64, 65, 299}) {
    Sha256 parts;
    parts.add(std::string_view(text).substr(0, cut));
    parts.add(std::string_view(text).substr(cut));
    EXPECT_EQ(parts.hex(), hash(text));
  }
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("abc", "abc");
  EXPECT_EQ(sha256_of_file(path), hash("abc"));
  EXPECT_EQ(sha256_of_file(folder.write("empty", "")), hash(""));
}

}  // namespace
}  // namespace manyshot
