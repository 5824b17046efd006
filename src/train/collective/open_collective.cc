#include "core/library.h"
#include "train/collective/c10d_library.h"
#include "train/collective/collective.h"

namespace manyshot::train {
namespace {

class SingleProcess : public Collective {
 public:
  int rank() const override { return 0; }
  int world_size() const override { return 1; }
  void all_reduce_sum(std::span<float>) override {}
  void all_reduce_sum(std::span<double>) override {}
};

// The library brings libtorch along, which a single process has no need of.
MakeGlooCollective* gloo_factory() {
  return reinterpret_cast<MakeGlooCollective*>(open_library({.file = kC10dLibraryName,
                                                             .symbol = kMakeGlooCollectiveSymbol,
                                                             .needed_for = "several processes need",
                                                             .instead = "start one"}));
}

}  // namespace

std::unique_ptr<Collective> make_single_process() { return std::make_unique<SingleProcess>(); }

std::unique_ptr<Collective> open_collective(const ProcessPlace& place) {
  if (place.world_size == 1) return make_single_process();
  return gloo_factory()(place);
}

}  // namespace manyshot::train
