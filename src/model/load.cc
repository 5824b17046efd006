#include <string>

#include "core/error.h"
#include "core/library.h"
#include "model/compact/compact_folder.h"
#include "model/compact/device_library.h"
#include "model/compact/fused_decoder.h"
#include "model/dtype.h"
#include "model/language/text_model.h"
#include "model/model.h"
#include "model/torch/library.h"

namespace manyshot {
namespace {

// libtorch's start-up costs 0.3 s.
MakeReferenceDecoder* reference_factory() {
  return reinterpret_cast<MakeReferenceDecoder*>(open_library({.file = kTorchLibraryName,
                                                               .symbol = kMakeReferenceDecoderSymbol,
                                                               .needed_for = "engine reference needs",
                                                               .instead = "use engine auto"}));
}

std::unique_ptr<Model> make_device_decoder(const std::string& path, const ModelConfig& config, const Weights& weights,
                                           const LoadOptions& options) {
  if (options.engine != Engine::kAuto) {
    fail(ErrorKind::kUnsupported, "--device {} has an engine of its own: leave --engine out", to_text(options.device));
  }
  return reinterpret_cast<MakeDeviceDecoder*>(open_device_library(options.device, kMakeDeviceDecoderSymbol))(
      path, config, weights, options.device, options.dtype);
}

}  // namespace

std::unique_ptr<Model> load_model(const std::string& path, const LoadOptions& options) {
  if (const auto text_path = language_model_path(path)) return load_text_model(*text_path, options);
  if (!options.adapter.empty()) {
    fail(ErrorKind::kUnsupported,
         "{}: adapters are for language models, and this is a compact model; leave --adapter out", path);
  }
  const auto [config, weights] = read_compact_folder(path);
  if (!options.device.is_cpu()) return make_device_decoder(path, config, weights, options);
  if (options.engine == Engine::kReference) {
    if (options.dtype == DType::kBFloat16)
      fail(ErrorKind::kUnsupported, "engine reference computes in float32: use dtype auto or float32");
    return reference_factory()(path, config, weights);
  }
  return make_fused_decoder(path, config, weights, choose_dtype(options.dtype));
}

}  // namespace manyshot
