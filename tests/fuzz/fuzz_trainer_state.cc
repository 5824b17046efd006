// Text -> trainer_state.json of a checkpoint: either Error, or a state that is written and read again as it was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "support/temporary_folder.h"
#include "train/record/checkpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  static const TemporaryFolder folder;
  folder.write("trainer_state.json", {reinterpret_cast<const char*>(data), size});
  try {
    const train::TrainerState state = train::read_trainer_state(folder.path());
    if (state.step < 0 || state.best_step < 0 || state.world_size < 1) std::abort();
    const std::string written = to_json(state).dump();
    folder.write("trainer_state.json", written);
    if (to_json(train::read_trainer_state(folder.path())).dump() != written) std::abort();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruptFile) std::abort();
  }
  return 0;
}
