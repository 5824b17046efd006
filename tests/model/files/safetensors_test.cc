#include "model/files/safetensors.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/error.h"

namespace manyshot {
namespace {

std::string file_of(const std::string& header, const std::string& data = "") {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

void expect_corrupt(const std::string& file, const std::string& message) {
  EXPECT_ERROR(Safetensors(bytes_of(file), "w.safetensors"), ErrorKind::kCorruptFile, message);
  EXPECT_ERROR(Safetensors(bytes_of(file), "w.safetensors"), ErrorKind::kCorruptFile, "w.safetensors");
}

std::string entry(const std::string& name, const std::string& type, const std::string& shape,
                  const std::string& offsets) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":{},"data_offsets":{}}})", name, type, shape, offsets);
}

TEST(Safetensors, ReadsWhatItWrites) {
  const std::array<float, 6> matrix{1, -2, 3.5, 0, 1e-30f, 6};
  const std::array<uint16_t, 3> half{0x3F80, 0xC000, 0x0001};
  const std::vector<NamedTensor> tensors = {
      {"a.weight", TensorType::kF32, {2, 3}, std::as_bytes(std::span(matrix))},
      {"b", TensorType::kBF16, {3}, std::as_bytes(std::span(half))},
      {"empty", TensorType::kF32, {0, 4}, {}},
      {"scalar", TensorType::kF32, {}, std::as_bytes(std::span(matrix).first(1))}};
  const std::string file = write_safetensors(tensors);
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  EXPECT_EQ(header_bytes % 8, 0u);
  const Safetensors read(bytes_of(file), "w.safetensors");
  ASSERT_EQ(read.tensors().size(), 4u);
  EXPECT_EQ(read.metadata().at("format"), "pt");
  EXPECT_EQ(read.find("nothing"), nullptr);
  for (const NamedTensor& written : tensors) {
    const TensorInfo* tensor = read.find(written.name);
    ASSERT_NE(tensor, nullptr) << written.name;
    EXPECT_EQ(tensor->type, written.type);
    EXPECT_EQ(tensor->shape, written.shape);
    EXPECT_TRUE(std::ranges::equal(read.data(*tensor), written.data)) << written.name;
  }
  EXPECT_EQ(read.read_f32(*read.find("a.weight")), std::vector<float>(matrix.begin(), matrix.end()));
  EXPECT_EQ(read.read_f32(*read.find("b")), (std::vector<float>{1, -2, std::ldexp(1.0f, -133)}));
}

TEST(Safetensors, HalfPrecisionOfEveryKind) {
  const std::array<uint16_t, 7> bits{0x3C00, 0xC100, 0x0001, 0x03FF, 0x7BFF, 0x7C00, 0x8000};
  const std::string file = write_safetensors({{{"h", TensorType::kF16, {7}, std::as_bytes(std::span(bits))}}});
  const Safetensors read(bytes_of(file), "w.safetensors");
  EXPECT_EQ(read.read_f32(read.tensors()[0]),
            (std::vector<float>{1, -2.5, std::ldexp(1.0f, -24), std::ldexp(1023.0f, -24), 65504,
                                std::numeric_limits<float>::infinity(), 0}));
}

TEST(Safetensors, DataAtOddAddressesIsReadAllTheSame) {
  const float value = 2.5f;
  std::string data(sizeof value, '\0');
  std::memcpy(data.data(), &value, sizeof value);
  for (int padding = 0; padding < 8; ++padding) {
    const std::string file = file_of("{" + entry("x", "F32", "[1]", "[0,4]") + "}" + std::string(padding, ' '), data);
    const Safetensors read(bytes_of(file), "w.safetensors");
    EXPECT_EQ(read.read_f32(read.tensors()[0]), std::vector<float>{value});
  }
}

TEST(Safetensors, TensorsComeInTheOrderOfTheirData) {
  const std::string file =
      file_of("{" + entry("late", "U8", "[2]", "[1,3]") + "," + entry("early", "U8", "[1]", "[0,1]") + "}", "abc");
  const Safetensors read(bytes_of(file), "w.safetensors");
  EXPECT_EQ(read.tensors()[0].name, "early");
  EXPECT_EQ(read.tensors()[1].name, "late");
  EXPECT_EQ(read.find("late")->begin, 1u);
}

TEST(Safetensors, OnlyFloatsBecomeF32) {
  const std::string file = file_of("{" + entry("ids", "I64", "[1]", "[0,8]") + "}", std::string(8, '\0'));
  const Safetensors read(bytes_of(file), "w.safetensors");
  EXPECT_ERROR(read.read_f32(read.tensors()[0]), ErrorKind::kUnsupported,
               "tensor \"ids\" is I64; weights must be F32, BF16 or F16");
}

TEST(Safetensors, RefusesDamagedFiles) {
  expect_corrupt("", "0 bytes are too few");
  expect_corrupt("1234567", "7 bytes are too few");
  expect_corrupt(std::string(8, '\xFF'), "more than the 100000000");
  expect_corrupt(file_of("{}").substr(0, 9), "the header claims 2 bytes, the file ends after 1");
  expect_corrupt(file_of(""), "not valid JSON");
  expect_corrupt(file_of("{"), "not valid JSON");
  expect_corrupt(file_of("{\"a\xFF\":1}"), "not valid JSON");
  expect_corrupt(file_of("[1]"), "the header is [1], not an object");
  expect_corrupt(file_of(R"({"a":{"b":{"c":{"d":{}}}}})"), "nests deeper");
  expect_corrupt(file_of(R"({"a":3})"), "tensor \"a\" is described by 3");
  expect_corrupt(file_of(R"({"":{}})"), "a tensor has an empty name");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[0,1]") + "," + entry("a", "U8", "[1]", "[1,2]") + "}", "xy"),
                 "names \"a\" twice");
  expect_corrupt(file_of(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", "x"), "tensor \"a\" has no \"dtype\" text");
  expect_corrupt(file_of("{" + entry("a", "F99", "[1]", "[0,1]") + "}", "x"), "unknown dtype \"F99\"");
  expect_corrupt(file_of(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", "x"), "tensor \"a\" has no \"shape\" list");
  expect_corrupt(file_of("{" + entry("a", "U8", "[-1]", "[0,1]") + "}", "x"), "a dimension is -1, not a whole number");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1.5]", "[0,1]") + "}", "x"),
                 "a dimension is 1.5, not a whole number");
  expect_corrupt(file_of("{" + entry("a", "F64", "[4294967296,4294967296]", "[0,1]") + "}", "x"),
                 "larger than any memory");
  expect_corrupt(file_of(R"({"a":{"dtype":"U8","shape":[1]}})", "x"), "tensor \"a\" has no \"data_offsets\" list");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[0]") + "}", "x"), "has 1 data offsets");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[\"0\",1]") + "}", "x"), "the begin of its data is \"0\"");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[0,null]") + "}", "x"), "the end of its data is null");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[1,0]") + "}", "x"), "data at bytes 1..0");
  expect_corrupt(file_of("{" + entry("a", "U8", "[2]", "[0,2]") + "}", "x"), "the data section ends at 1");
  expect_corrupt(file_of("{" + entry("a", "F32", "[2, 3]", "[0,4]") + "}", "xxxx"),
                 "F32 values [2, 3] need 24 bytes, the file gives them 4");
  expect_corrupt(file_of("{" + entry("a", "U8", "[2]", "[0,2]") + "," + entry("b", "U8", "[2]", "[1,3]") + "}", "xyz"),
                 "tensors \"a\" and \"b\" overlap");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[1,2]") + "}", "xy"),
                 "1 bytes before tensor \"a\" belong to no tensor");
  expect_corrupt(file_of("{" + entry("a", "U8", "[1]", "[0,1]") + "}", "xyz"),
                 "2 bytes at the end belong to no tensor");
  expect_corrupt(file_of(R"({"__metadata__":[]})"), "__metadata__ is not an object");
  expect_corrupt(file_of(R"({"__metadata__":{"format":1}})"), "__metadata__ entry \"format\" is not text");
}

TEST(Safetensors, WriterChecksItsCaller) {
  const std::array<float, 2> values{1, 2};
  const NamedTensor good{"a", TensorType::kF32, {2}, std::as_bytes(std::span(values))};
  NamedTensor bad = good;
  bad.shape = {3};
  EXPECT_ERROR(write_safetensors({{bad}}), ErrorKind::kInternal, "F32 values [3] are 12 bytes, not 8");
  EXPECT_ERROR(write_safetensors({{good, good}}), ErrorKind::kInternal, "tensor \"a\" is written twice");
}

}  // namespace
}  // namespace manyshot
