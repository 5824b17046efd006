// CUDA C++ compiled at run time, by the NVRTC of the torch installation that a GPU is used by (model/device/).
#pragma once

#include <string>
#include <vector>

namespace manyshot::train {

// The machine code of `source` for `architecture`, as --gpu-architecture wants it ("sm_90"; "compute_90" for PTX).
// Throws Error(kUnsupported) without NVRTC, Error(kInternal) with its log for a source that it refuses.
std::string compile_kernels(const std::string& source, const std::string& architecture,
                            const std::vector<std::string>& definitions);

}  // namespace manyshot::train
