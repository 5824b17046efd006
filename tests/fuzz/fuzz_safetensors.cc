// Bytes -> safetensors reader: either Error, or a file whose tensors can all be read and written again.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "core/error.h"
#include "model/files/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  try {
    const Safetensors file(std::as_bytes(std::span(data, size)), "input");
    std::vector<NamedTensor> tensors;
    for (const TensorInfo& tensor : file.tensors()) {
      tensors.push_back({tensor.name, tensor.type, tensor.shape, file.data(tensor)});
      const bool is_float =
          tensor.type == TensorType::kF32 || tensor.type == TensorType::kBF16 || tensor.type == TensorType::kF16;
      if (is_float && file.read_f32(tensor).size() != tensor.num_elements()) std::abort();
    }
    const std::string again = write_safetensors(tensors);
    if (Safetensors(std::as_bytes(std::span(again)), "again").tensors().size() != tensors.size()) std::abort();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruptFile) std::abort();
  }
  return 0;
}
