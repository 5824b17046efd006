#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/text.h"
#include "model/compact/compact_folder.h"
#include "model/compact/fused_decoder.h"
#include "model/dtype.h"
#include "model/language/text_model.h"
#include "model/model.h"
#include "model/torch/library.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;

// libmanyshot_torch.so stands beside this library. It is opened only when asked for: libtorch's start-up costs 0.3 s.
MakeReferenceDecoder* reference_factory() {
  Dl_info here;
  if (dladdr(reinterpret_cast<void*>(&reference_factory), &here) == 0)
    fail(ErrorKind::kInternal, "dladdr finds no library");
  const std::string path = (fs::path(here.dli_fname).parent_path() / kTorchLibraryName).string();
  // An idle OpenMP thread that spins takes the core another one needs. libgomp reads this once, when it is loaded.
  setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorKind::kUnsupported,
         "engine reference needs {}, which this build or installation lacks ({}); use engine auto", kTorchLibraryName,
         dlerror());
  }
  void* symbol = dlsym(library, kMakeReferenceDecoderSymbol);
  if (symbol == nullptr)
    fail(ErrorKind::kInternal, "{} has no {}: it is of another version", path, kMakeReferenceDecoderSymbol);
  return reinterpret_cast<MakeReferenceDecoder*>(symbol);
}

}  // namespace

std::unique_ptr<Model> load_model(const std::string& path, const LoadOptions& options) {
  if (const std::string text_path = language_model_path(path); !text_path.empty())
    return load_text_model(text_path, options);
  if (!options.adapter.empty()) {
    fail(ErrorKind::kUnsupported,
         "{}: adapters are for language models, and this is a compact model; leave --adapter out", path);
  }
  const auto [config, weights] = read_compact_folder(path);
  if (options.engine == "reference") {
    if (options.dtype == "bfloat16")
      fail(ErrorKind::kUnsupported, "engine reference computes in float32: use dtype auto or float32");
    return reference_factory()(path, config, weights);
  }
  if (options.engine != "auto" && options.engine != "fused") {
    fail(ErrorKind::kBadInput, "engine \"{}\" is unknown; expected auto, fused or reference", excerpt(options.engine));
  }
  return make_fused_decoder(path, config, weights, choose_dtype(options.dtype));
}

}  // namespace manyshot
