// adapter_config.json, a zero byte, adapter_model.safetensors -> reader of adapters: either Error, or factors that fit
// their ranks.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "model/files/adapter_folder.h"
#include "support/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  static const TemporaryFolder folder;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view config = input.substr(0, input.find('\0'));
  folder.write("adapter_config.json", config);
  folder.write("adapter_model.safetensors", input.substr(std::min(size, config.size() + 1)));
  try {
    const AdapterFolder adapter = read_adapter_folder(folder.path());
    if (adapter.pairs.empty()) std::abort();
    for (const auto& [module, pair] : adapter.pairs) {
      if (pair.rank == 0 || pair.inputs == 0 || pair.outputs == 0 || !std::isfinite(pair.scale) ||
          pair.down.size() != pair.rank * pair.inputs || pair.up.size() != pair.outputs * pair.rank) {
        std::abort();
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruptFile && error.kind() != ErrorKind::kUnsupported) std::abort();
  }
  return 0;
}
