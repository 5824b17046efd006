// safetensors files: named tensors behind a JSON header (docs/formats/weights.md; format by Hugging Face).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"

namespace manyshot {

enum class TensorType {
  kBool,
  kU8,
  kI8,
  kF8E4M3,
  kF8E5M2,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kI64,
  kU64,
  kF64
};
const char* tensor_type_name(TensorType type);  // as the header spells it: "BF16"
size_t tensor_type_bytes(TensorType type);

struct TensorInfo {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<uint64_t> shape;  // empty: a scalar
  uint64_t begin = 0, end = 0;  // bytes in the data section

  uint64_t num_elements() const;
};
std::string shape_text(std::span<const uint64_t> shape);  // "[352, 128]"

// A parsed file over bytes that must outlive it. Every length, type, offset and the tiling of the data section (no gap,
// no overlap) is checked; the data is not looked at until it is read. Errors are Error(kCorruptFile) that start with
// `source`.
class Safetensors {
 public:
  Safetensors(std::span<const std::byte> bytes, std::string source);

  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in the order of their data
  const TensorInfo* find(std::string_view name) const;                 // nullptr if absent
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& source() const { return source_; }

  std::span<const std::byte> data(const TensorInfo& tensor) const {
    return data_.subspan(tensor.begin, tensor.end - tensor.begin);
  }
  // Values of a F32, BF16 or F16 tensor as f32, wherever its bytes are aligned. Throws Error(kUnsupported) for another
  // type.
  std::vector<float> read_f32(const TensorInfo& tensor) const;

 private:
  void parse_header(std::string_view header);
  void check_tiling();

  std::string source_;
  std::span<const std::byte> data_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::map<std::string, std::string> metadata_;
};

// A tensor to write; `data` holds num_elements() values of `type`, little-endian.
struct NamedTensor {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<uint64_t> shape;
  std::span<const std::byte> data;
};

// The bytes of a file with these tensors in this order and metadata {"format": "pt"}; the header is padded with spaces
// so that the data starts on a multiple of 8. Throws Error(kInternal) if data and shape disagree or a name comes twice.
std::string write_safetensors(std::span<const NamedTensor> tensors);

}  // namespace manyshot
