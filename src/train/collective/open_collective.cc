#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "core/error.h"
#include "train/collective/c10d_library.h"
#include "train/collective/collective.h"

namespace manyshot {
namespace {

class SingleProcess : public Collective {
 public:
  int rank() const override { return 0; }
  int world_size() const override { return 1; }
  void all_reduce_sum(std::span<float>) override {}
  void all_reduce_sum(std::span<double>) override {}
};

// The library stands beside this one and brings libtorch along, which a single process has no need of.
MakeGlooCollective* gloo_factory() {
  Dl_info here;
  if (dladdr(reinterpret_cast<void*>(&gloo_factory), &here) == 0) fail(ErrorKind::kInternal, "dladdr finds no library");
  const std::string path = (std::filesystem::path(here.dli_fname).parent_path() / kC10dLibraryName).string();
  setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);  // idle threads of libgomp would take cores
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail(ErrorKind::kUnsupported, "several processes need {}, which this build or installation lacks ({}); start one",
         kC10dLibraryName, dlerror());
  }
  void* symbol = dlsym(library, kMakeGlooCollectiveSymbol);
  if (symbol == nullptr) fail(ErrorKind::kInternal, "{} is of another version", path);
  return reinterpret_cast<MakeGlooCollective*>(symbol);
}

}  // namespace

std::unique_ptr<Collective> make_single_process() { return std::make_unique<SingleProcess>(); }

std::unique_ptr<Collective> open_collective(const ProcessPlace& place) {
  if (place.world_size == 1) return make_single_process();
  return gloo_factory()(place);
}

}  // namespace manyshot
