// GGUF files, version 3, written so that memory does not grow with the file (docs/formats/gguf.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "model/files/gguf.h"

namespace manyshot {

// Metadata entries in their order.
class GgufMetadata {
 public:
  void add_text(std::string_view key, std::string_view value);
  void add_u32(std::string_view key, uint32_t value);
  void add_f32(std::string_view key, float value);
  void add_flag(std::string_view key, bool value);
  void add_texts(std::string_view key, std::span<const std::string> values);
  void add_i32s(std::string_view key, std::span<const int32_t> values);

  uint64_t size() const { return size_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void add(std::string_view key, GgufType type);

  std::string bytes_;
  uint64_t size_ = 0;
};

struct GgufTensorEntry {
  std::string name;
  GgmlType type = GgmlType::kF32;
  std::vector<uint64_t> shape;  // as in safetensors: [rows, columns]

  uint64_t num_bytes() const;  // REQUIRES: the columns are whole blocks of `type`
};

class GgufFileWriter {
 public:
  GgufFileWriter(const std::string& path, const GgufMetadata& metadata, std::vector<GgufTensorEntry> tensors);
  // The data of all tensors in their order, in pieces that do not cross tensors.
  void write(std::span<const std::byte> data);
  // The file appears. Throws Error(kInternal) unless exactly the bytes of all tensors were written.
  void commit();

 private:
  void pad();

  OutputFile file_;
  std::vector<GgufTensorEntry> tensors_;
  size_t tensor_ = 0;          // the one that is being written
  uint64_t tensor_bytes_ = 0;  // written of it
  uint64_t position_ = 0;      // of the data section
};

}  // namespace manyshot
