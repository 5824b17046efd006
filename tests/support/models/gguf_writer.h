// GGUF files for tests, sound ones and damaged ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/files/gguf.h"

namespace manyshot {

// The bytes of a value as they stand in a file.
template <class T>
std::string raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string raw_text(std::string_view text);
std::string raw_array(GgufType element_type, uint64_t size, const std::string& elements);

struct GgufWriter {
  uint32_t version = 3;
  uint64_t alignment = 32;

  // `value` is the raw bytes of the value.
  void add(std::string_view key, GgufType type, const std::string& value);
  void add_text(std::string_view key, std::string_view value) { add(key, GgufType::kString, raw_text(value)); }
  void add_u32(std::string_view key, uint32_t value) { add(key, GgufType::kU32, raw(value)); }
  void add_f32(std::string_view key, float value) { add(key, GgufType::kF32, raw(value)); }
  void add_texts(std::string_view key, const std::vector<std::string>& values);
  // `shape` as in safetensors: [rows, columns]. The data follows that of the tensor before, aligned.
  void add_tensor(std::string_view name, uint32_t type, const std::vector<uint64_t>& shape, const std::string& data);
  void add_f32_tensor(std::string_view name, const std::vector<uint64_t>& shape, const std::vector<float>& values);
  // A tensor whose place is written as it is given; adds no data.
  void add_tensor_at(std::string_view name, uint32_t type, const std::vector<uint64_t>& shape, uint64_t offset);

  std::string bytes() const;

  std::string metadata, table, data;
  uint64_t num_entries = 0, num_tensors = 0;
};

}  // namespace manyshot
