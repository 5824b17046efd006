// Writes the tensors of a GGUF file as f32, in the order of the file, to standard output; for
// tools/parity/gguf_parity.py.
#include <cstdio>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "model/files/gguf.h"

int main(int argc, char** argv) {
  using namespace manyshot;
  if (argc != 2) {
    std::fputs("usage: gguf_dump FILE.gguf\n", stderr);
    return 2;
  }
  try {
    const MappedFile mapped(argv[1]);
    const GgufFile file(mapped.bytes(), mapped.path());
    std::vector<float> values;
    for (const GgufTensor& tensor : file.tensors()) {
      values.resize(tensor.num_values());
      dequantize(tensor.type, tensor.data, values);
      if (std::fwrite(values.data(), sizeof(float), values.size(), stdout) != values.size()) return 1;
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return exit_code(error.kind());
  }
  return 0;
}
