// safetensors files written tensor by tensor, so that memory does not grow with the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "model/files/safetensors.h"

namespace manyshot {

struct TensorEntry {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<uint64_t> shape;

  uint64_t num_bytes() const;
};

// The length and the JSON header of a file with these tensors in this order and metadata {"format": "pt"}, padded with
// spaces so that the data starts on a multiple of 8. Throws Error(kInternal) if a name comes twice.
std::string safetensors_header(std::span<const TensorEntry> tensors);

class SafetensorsWriter {
 public:
  SafetensorsWriter(const std::string& path, std::span<const TensorEntry> tensors);
  // The values of all tensors in their order, in pieces of any size.
  void write(std::span<const std::byte> values);
  // The file appears. Throws Error(kInternal) unless exactly the bytes of all tensors were written.
  void commit();

 private:
  OutputFile file_;
  uint64_t missing_bytes_ = 0;
};

}  // namespace manyshot
