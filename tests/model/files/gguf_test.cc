#include "model/files/gguf.h"

#include <gtest/gtest.h>

#include "support/error.h"
#include "support/models/gguf_writer.h"

namespace manyshot {
namespace {

GgufFile parse(const std::string& bytes) { return GgufFile(std::as_bytes(std::span(bytes)), "m.gguf"); }

void expect_corrupt(const std::string& bytes, const std::string& message) {
  EXPECT_ERROR(parse(bytes), ErrorKind::kCorruptFile, message);
  EXPECT_ERROR(parse(bytes), ErrorKind::kCorruptFile, "m.gguf: ");
}

// A file with one metadata entry "k".
std::string with_entry(GgufType type, const std::string& value) {
  GgufWriter writer;
  writer.add("k", type, value);
  return writer.bytes();
}

TEST(Gguf, MetadataOfEveryType) {
  GgufWriter writer;
  writer.add("u8", GgufType::kU8, raw(uint8_t{200}));
  writer.add("i8", GgufType::kI8, raw(int8_t{-3}));
  writer.add("u16", GgufType::kU16, raw(uint16_t{60000}));
  writer.add("i16", GgufType::kI16, raw(int16_t{300}));
  writer.add_u32("u32", 4'000'000'000);
  writer.add("i32", GgufType::kI32, raw(int32_t{-5}));
  writer.add("u64", GgufType::kU64, raw(uint64_t{1} << 63));
  writer.add("i64", GgufType::kI64, raw(int64_t{7}));
  writer.add_f32("f32", 0.5f);
  writer.add("f64", GgufType::kF64, raw(0.1));
  writer.add("bool", GgufType::kBool, raw(uint8_t{1}));
  writer.add_text("text", "Zürich");
  writer.add_texts("texts", {"a", "", "ccc"});
  writer.add("ids", GgufType::kArray, raw_array(GgufType::kI32, 2, raw(int32_t{-1}) + raw(int32_t{4})));
  writer.add("bytes", GgufType::kArray, raw_array(GgufType::kU8, 2, raw(uint8_t{255}) + raw(uint8_t{4})));
  writer.add("empty", GgufType::kArray, raw_array(GgufType::kU16, 0, ""));
  writer.add("nested", GgufType::kArray, raw_array(GgufType::kArray, 1, raw_array(GgufType::kU8, 1, "x")));
  const std::string bytes = writer.bytes();
  const GgufFile file = parse(bytes);
  EXPECT_EQ(file.version(), 3u);
  EXPECT_EQ(file.metadata().size(), 17u);
  EXPECT_EQ(file.find_unsigned("u8"), 200u);
  EXPECT_EQ(file.find_unsigned("u16"), 60000u);
  EXPECT_EQ(file.find_unsigned("i16"), 300u);
  EXPECT_EQ(file.find_unsigned("u32"), 4'000'000'000u);
  EXPECT_EQ(file.find_unsigned("u64"), uint64_t{1} << 63);
  EXPECT_EQ(file.find_unsigned("i64"), 7u);
  EXPECT_EQ(file.find_number("i8"), -3.0);
  EXPECT_EQ(file.find_number("i32"), -5.0);
  EXPECT_EQ(file.find_number("u8"), 200.0);
  EXPECT_EQ(file.find_number("f32"), 0.5);
  EXPECT_EQ(file.find_number("f64"), 0.1);
  EXPECT_EQ(file.find_flag("bool"), true);
  EXPECT_EQ(file.find_text("text"), "Zürich");
  EXPECT_EQ(*file.find_texts("texts"), (std::vector<std::string_view>{"a", "", "ccc"}));
  EXPECT_EQ(file.find_integers("ids"), (std::vector<int64_t>{-1, 4}));
  EXPECT_EQ(file.find_integers("bytes"), (std::vector<int64_t>{255, 4}));
  EXPECT_EQ(file.find_integers("empty"), std::vector<int64_t>{});
  EXPECT_EQ(file.find_unsigned("none"), std::nullopt);
  EXPECT_EQ(file.find_number("none"), std::nullopt);
  EXPECT_EQ(file.find_flag("none"), std::nullopt);
  EXPECT_EQ(file.find_text("none"), std::nullopt);
  EXPECT_EQ(file.find_texts("none"), nullptr);
  EXPECT_EQ(file.find_integers("none"), std::nullopt);
}

TEST(Gguf, ValuesOfAnotherKind) {
  GgufWriter writer;
  writer.add("minus", GgufType::kI32, raw(int32_t{-5}));
  writer.add_f32("float", 1);
  writer.add_texts("texts", {"a"});
  writer.add("floats", GgufType::kArray, raw_array(GgufType::kF32, 1, raw(1.0f)));
  const std::string bytes = writer.bytes();
  const GgufFile file = parse(bytes);
  const auto wrong = ErrorKind::kCorruptFile;
  EXPECT_ERROR(file.find_unsigned("minus"), wrong, "m.gguf: metadata \"minus\" is not a whole number of at least 0");
  EXPECT_ERROR(file.find_unsigned("float"), wrong, "metadata \"float\" is not a whole number");
  EXPECT_ERROR(file.find_number("texts"), wrong, "metadata \"texts\" is not a number");
  EXPECT_ERROR(file.find_flag("float"), wrong, "metadata \"float\" is not true or false");
  EXPECT_ERROR(file.find_text("texts"), wrong, "metadata \"texts\" is not a text");
  EXPECT_ERROR(file.find_texts("floats"), wrong, "metadata \"floats\" is not an array of texts");
  EXPECT_ERROR(file.find_integers("float"), wrong, "metadata \"float\" is not an array of whole numbers");
  EXPECT_ERROR(file.find_integers("floats"), wrong,
               "metadata \"floats\" is not an array of whole numbers of up to 32 bits");
}

TEST(Gguf, TensorsInBothVersionsAndWithOtherAlignments) {
  for (uint32_t version : {2u, 3u}) {
    for (uint64_t alignment : {8u, 32u, 256u}) {
      GgufWriter writer{.version = version, .alignment = alignment};
      if (alignment != 32) writer.add_u32("general.alignment", static_cast<uint32_t>(alignment));
      writer.add_f32_tensor("one", {3}, {1, 2, 3});
      writer.add_tensor("two", 2, {2, 64}, std::string(2 * 2 * 18, '\x11'));
      writer.add_f32_tensor("scalar", {}, {7});
      writer.add_f32_tensor("none", {0, 4}, {});
      const std::string bytes = writer.bytes();
      const GgufFile file = parse(bytes);
      ASSERT_EQ(file.tensors().size(), 4u);
      const GgufTensor& two = file.tensors()[1];
      EXPECT_EQ(file.tensors()[0].name, "one");
      EXPECT_EQ(two.shape, (std::vector<uint64_t>{2, 64}));
      EXPECT_EQ(two.type, GgmlType::kQ4_0);
      EXPECT_EQ(two.num_values(), 128u);
      EXPECT_TRUE(std::ranges::all_of(two.data, [](std::byte byte) { return byte == std::byte{0x11}; }));
      EXPECT_EQ(file.tensors()[2].num_values(), 1u);
      EXPECT_EQ(file.tensors()[3].num_values(), 0u);
    }
  }
}

TEST(Gguf, EveryTruncationIsNoticed) {
  GgufWriter writer;
  writer.add_texts("texts", {"a", "bb"});
  writer.add("ids", GgufType::kArray, raw_array(GgufType::kI32, 1, raw(int32_t{9})));
  writer.add_f32_tensor("one", {3}, {1, 2, 3});
  const std::string bytes = writer.bytes();
  for (size_t length = 0; length < bytes.size(); ++length) expect_corrupt(bytes.substr(0, length), "m.gguf");
}

TEST(Gguf, OtherFilesAndVersions) {
  expect_corrupt("", "is not a GGUF file: it does not start with \"GGUF\"");
  expect_corrupt("PK\x03\x04 zip", "is not a GGUF file");
  EXPECT_ERROR(parse(GgufWriter{.version = 1}.bytes()), ErrorKind::kUnsupported,
               "m.gguf: is GGUF version 1; versions 2 and 3");
  EXPECT_ERROR(parse(GgufWriter{.version = 0}.bytes()), ErrorKind::kUnsupported, "is GGUF version 0");
  EXPECT_ERROR(parse(GgufWriter{.version = 3u << 24}.bytes()), ErrorKind::kUnsupported, "is a big-endian GGUF file");
  GgufWriter split;
  split.add("split.count", GgufType::kU16, raw(uint16_t{4}));
  split.add("split.no", GgufType::kU16, raw(uint16_t{1}));
  EXPECT_ERROR(parse(split.bytes()), ErrorKind::kUnsupported,
               "m.gguf: is part 2 of a model split into 4 files; merge them");
}

TEST(Gguf, DamagedMetadata) {
  GgufWriter many;
  many.num_entries = uint64_t{1} << 40;
  expect_corrupt(many.bytes(), "the header claims 1099511627776 elements, more than the remaining");
  expect_corrupt(with_entry(static_cast<GgufType>(13), ""),
                 "metadata \"k\" has value type 13, which no version defines");
  expect_corrupt(with_entry(GgufType::kBool, raw(uint8_t{2})), "metadata \"k\" is a truth value of 2, not 0 or 1");
  expect_corrupt(with_entry(GgufType::kString, raw(~uint64_t{0})),
                 "metadata \"k\" needs 18446744073709551615 bytes at");
  expect_corrupt(with_entry(GgufType::kArray, raw_array(static_cast<GgufType>(99), 1, "x")),
                 "metadata \"k\" is an array of type 99, which no version defines");
  expect_corrupt(with_entry(GgufType::kArray, raw_array(GgufType::kU64, uint64_t{1} << 61, "")),
                 "metadata \"k\" claims 2305843009213693952 elements");
  expect_corrupt(with_entry(GgufType::kArray, raw_array(GgufType::kString, 1000, "")),
                 "metadata \"k\" claims 1000 elements");
  std::string deep = raw_array(GgufType::kU8, 0, "");
  for (int i = 0; i < 5; ++i) deep = raw_array(GgufType::kArray, 1, deep);
  expect_corrupt(with_entry(GgufType::kArray, deep), "metadata \"k\" has arrays in arrays deeper than 4");
  GgufWriter twice;
  twice.add_u32("k", 1);
  twice.add_u32("k", 1);
  expect_corrupt(twice.bytes(), "metadata \"k\" comes twice");
  for (uint32_t alignment : {0u, 24u, 1u << 21}) {
    GgufWriter writer;
    writer.add_u32("general.alignment", alignment);
    expect_corrupt(writer.bytes(), fmt::format("general.alignment is {}, not a power of two", alignment));
  }
}

// A file with one tensor "t" of 64 bytes of data behind the table.
std::string with_tensor(uint32_t type, const std::vector<uint64_t>& shape, uint64_t offset) {
  GgufWriter writer;
  writer.add_tensor_at("t", type, shape, offset);
  writer.data.assign(64, '\0');
  return writer.bytes();
}

TEST(Gguf, DamagedTensors) {
  GgufWriter many;
  many.num_tensors = uint64_t{1} << 40;
  expect_corrupt(many.bytes(), "the table of tensors claims 1099511627776 tensors");
  expect_corrupt(with_tensor(0, {1, 1, 1, 1, 1}, 0), "tensor \"t\" has 5 dimensions, more than 4");
  expect_corrupt(with_tensor(0, {17}, 0), "tensor \"t\" has 68 bytes at 0 of the data, but the data ends at 64");
  expect_corrupt(with_tensor(0, {9}, 32), "tensor \"t\" has 36 bytes at 32");
  expect_corrupt(with_tensor(0, {1}, uint64_t{1} << 63), "tensor \"t\" has 4 bytes at 9223372036854775808");
  expect_corrupt(with_tensor(0, {4}, 4),
                 "tensor \"t\" starts at byte 4 of the data, not at a multiple of the alignment 32");
  expect_corrupt(with_tensor(0, {uint64_t{1} << 33, uint64_t{1} << 33}, 0),
                 "tensor \"t\" has shape [8589934592, 8589934592], larger than any memory");
  expect_corrupt(with_tensor(2, {2, 48}, 0), "tensor \"t\" is Q4_0 with rows of 48 values, not a multiple of 32");
  GgufWriter twice;
  twice.add_f32_tensor("t", {1}, {1});
  twice.add_f32_tensor("t", {1}, {1});
  expect_corrupt(twice.bytes(), "tensor \"t\" comes twice");
  GgufWriter overlapping;
  overlapping.add_f32_tensor("a", {9}, std::vector<float>(9));
  overlapping.add_tensor_at("b", 0, {1}, 32);
  expect_corrupt(overlapping.bytes(), "tensor \"b\" overlaps tensor \"a\"");
}

TEST(Gguf, TypesThatCannotBeRead) {
  EXPECT_ERROR(parse(with_tensor(23, {256}, 0)), ErrorKind::kUnsupported,
               "m.gguf: tensor \"t\" is of type IQ4_XS; this build reads F32, F16, BF16, Q4_0, Q4_1");
  EXPECT_ERROR(parse(with_tensor(4, {256}, 0)), ErrorKind::kUnsupported, "tensor \"t\" is of type number 4;");
}

}  // namespace
}  // namespace manyshot
