// A torch installation of the user's, whose CUDA libraries a GPU needs; this program brings none along.
#pragma once

#include <string>

namespace manyshot {

// The version of libtorch that this program is built against.
inline constexpr const char* kTorchVersion = "2.11.0";

// The folder `torch` of an installation: what MANYSHOT_TORCH names (that folder, or one that holds it), else that of
// the first Python on the PATH that has torch of kTorchVersion. Throws Error(kUnsupported) when there is none, or
// MANYSHOT_TORCH has another version or no CUDA libraries.
std::string find_cuda_torch();

// Loads the libraries of find_cuda_torch(), once, so that a library of ours that needs libtorch takes these. Throws
// Error(kUnsupported) without a driver, and what find_cuda_torch() throws.
void load_cuda_torch();

}  // namespace manyshot
