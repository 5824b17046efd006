// Bytes -> GGUF file -> config, tokenizer, all weights: either Error, or tensors that can all be read.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "core/error.h"
#include "model/files/gguf_tokenizer.h"
#include "model/language/open_source.h"

namespace manyshot {
namespace {

// What reads a file may refuse it, but has no other way to fail.
template <class Action>
void refuse_or(Action action) {
  try {
    action();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruptFile && error.kind() != ErrorKind::kUnsupported) std::abort();
  }
}

void read_weights(const TensorSource& source) {
  for (const auto& [name, shape] : language_model_tensors(source.config())) {
    std::vector<float> row(shape.back());
    const uint64_t rows = shape.size() == 2 ? shape[0] : 1;
    for (uint64_t i = 0; i < rows; ++i) source.read_rows(name, i, 1, row);
  }
}

void read(std::span<const std::byte> bytes) {
  const GgufFile file(bytes, "input");
  for (const GgufTensor& tensor : file.tensors()) {
    std::vector<float> values(tensor.num_values());
    dequantize(tensor.type, tensor.data, values);
  }
  refuse_or([&] { read_tokenizer_spec(file); });
  refuse_or([&] { read_weights(*make_gguf_source(file)); });
}

}  // namespace
}  // namespace manyshot

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  manyshot::refuse_or([&] { manyshot::read(std::as_bytes(std::span(data, size))); });
  return 0;
}
