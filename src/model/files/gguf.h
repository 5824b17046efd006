// GGUF files, versions 2 and 3, little-endian: metadata, tensor table, data (docs/formats/gguf.md; format by ggml).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/files/gguf_dequantize.h"

namespace manyshot {

enum class GgufType : uint32_t {  // the numbers are those of the files
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};

struct GgufArray {
  GgufType element_type = GgufType::kU8;
  uint64_t size = 0;
  std::span<const std::byte> bytes;     // elements of a fixed size
  std::vector<std::string_view> texts;  // elements that are strings; arrays in arrays are checked but not kept
};

// Unsigned, signed and floating-point values of any width, and the rest.
using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string_view, GgufArray>;

struct GgufTensor {
  std::string_view name;
  GgmlType type = GgmlType::kF32;
  std::vector<uint64_t> shape;  // as in safetensors: [rows, columns] (the file has them the other way round)
  std::span<const std::byte> data;

  uint64_t num_columns() const { return shape.empty() ? 1 : shape.back(); }
  uint64_t num_values() const {
    const GgmlLayout& layout = ggml_layout(type);
    return data.size() / layout.block_bytes * layout.block_values;
  }
};

// A parsed file over bytes that must outlive it: names, texts and data point into them. Every count, length, type,
// offset and the alignment is checked, names must differ and tensors must not overlap; the data is not looked at.
// Errors start with `source` and are kCorruptFile, or kUnsupported for other versions, big-endian files, one part of a
// split file, and tensor types that cannot be read (named).
class GgufFile {
 public:
  GgufFile(std::span<const std::byte> bytes, std::string source);

  const std::string& source() const { return source_; }
  uint32_t version() const { return version_; }
  const std::map<std::string_view, GgufValue>& metadata() const { return metadata_; }
  const std::vector<GgufTensor>& tensors() const { return tensors_; }  // in the order of the file

  // Metadata by key; nothing if absent. Throws Error(kCorruptFile) naming the key if the value is of another kind (a
  // float for a whole number, a negative number for an unsigned one, …).
  std::optional<uint64_t> find_unsigned(std::string_view key) const;
  std::optional<double> find_number(std::string_view key) const;  // whole numbers too
  std::optional<bool> find_flag(std::string_view key) const;
  std::optional<std::string_view> find_text(std::string_view key) const;
  const std::vector<std::string_view>* find_texts(std::string_view key) const;  // array of strings
  std::optional<std::vector<int64_t>> find_integers(
      std::string_view key) const;  // array of whole numbers up to 32 bits

 private:
  const GgufValue* find(std::string_view key) const;
  [[noreturn]] void fail_wrong_kind(std::string_view key, const char* expected) const;

  std::string source_;
  uint32_t version_ = 0;
  std::map<std::string_view, GgufValue> metadata_;
  std::vector<GgufTensor> tensors_;
};

}  // namespace manyshot
