#include "core/bytes.h"

#include <gtest/gtest.h>

#include "support/error.h"

namespace manyshot {
namespace {

TEST(Bytes, AreReadAsTheyWereWritten) {
  ByteWriter writer;
  writer.number<uint8_t>(7);
  writer.number(-2.5);
  writer.text("ä\0b");
  writer.text(std::string_view("a\0b", 3));
  writer.list(std::vector<float>{1, 2, 3});
  writer.numbers(std::span<const int32_t>(std::vector<int32_t>{-1, 9}));
  const std::string bytes = writer.take();
  ByteReader reader(bytes, "place");
  EXPECT_EQ(reader.number<uint8_t>(), 7);
  EXPECT_EQ(reader.number<double>(), -2.5);
  EXPECT_EQ(reader.text(), "ä");
  EXPECT_EQ(reader.text(), std::string_view("a\0b", 3));
  EXPECT_EQ(reader.list<float>(), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(reader.block<int32_t>(2), (std::vector<int32_t>{-1, 9}));
  reader.expect_end();
}

TEST(Bytes, SizesAreComparedWithWhatIsThere) {
  ByteWriter writer;
  writer.number<uint64_t>(uint64_t{1} << 62);
  const std::string bytes = writer.take();
  const auto reader = [&] { return ByteReader(bytes, "a.msfit: part \"rows\""); };
  EXPECT_ERROR(reader().list<double>(), ErrorKind::kCorruptFile, "a.msfit: part \"rows\" ends early");
  EXPECT_ERROR(reader().text(), ErrorKind::kCorruptFile, "ends early");
  EXPECT_ERROR(reader().block<uint64_t>(2), ErrorKind::kCorruptFile, "ends early");
  EXPECT_ERROR(reader().expect_end(), ErrorKind::kCorruptFile, "bytes that do not belong to it");
}

TEST(Bytes, EveryChangeOfAByteShowsInTheChecksum) {
  std::string bytes;
  for (int i = 0; i < 77; ++i) bytes += static_cast<char>(37 * i);
  const uint64_t sum = checksum_of(bytes);
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = bytes;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_NE(checksum_of(other), sum) << i << " " << bit;
    }
  }
  EXPECT_NE(checksum_of(bytes + '\0'), sum);
  EXPECT_NE(checksum_of(std::string_view(bytes).substr(1)), sum);
}

// Known answers: files keep them.
TEST(Bytes, ChecksumIsThatOfTheFormat) {
  EXPECT_EQ(checksum_of(std::string_view()), 0x1b055cc6b6ef8323);
  EXPECT_EQ(checksum_of(std::string_view("manyshot")), 0x545862904d508393);
}

}  // namespace
}  // namespace manyshot
