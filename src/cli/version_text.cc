#include <fmt/ranges.h>

#include <filesystem>

#include "cli/command.h"
#include "cli/commit.h"
#include "core/library.h"
#include "core/version.h"
#include "kernels/simd.h"
#include "model/device/torch_installation.h"
#include "model/torch/library.h"
#include "predict/model_store.h"

namespace manyshot {

std::string version_text() {
  std::vector<const char*> levels;
  for (const kernels::SimdLevel level : kernels::available_simd_levels()) levels.push_back(kernels::simd_name(level));
  const bool has_torch = std::filesystem::exists(library_folder() + "/" + kTorchLibraryName);
  const std::vector<std::string> models = installed_models();
  return fmt::format("manyshot {}\ncommit    {}\nkernels   {} (this machine has {})\nlibtorch  {}\nmodels    {}\n",
                     program_version(), kCommit, kernels::simd_name(kernels::simd_level()), fmt::join(levels, ", "),
                     has_torch ? fmt::format("{}, for --engine reference and --device cuda", kTorchVersion)
                               : "not in this installation",
                     models.empty() ? "none in " + models_folder() : fmt::format("{}", fmt::join(models, ", ")));
}

}  // namespace manyshot
