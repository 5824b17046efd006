// What libmanyshot_c10d.so offers to the rest of the program, which opens it at run time. No libtorch here.
#pragma once

#include <memory>

#include "train/collective/collective.h"

namespace manyshot::train {

inline constexpr const char* kC10dLibraryName = "libmanyshot_c10d.so";
using MakeGlooCollective = std::unique_ptr<Collective>(const ProcessPlace& place);
inline constexpr const char* kMakeGlooCollectiveSymbol = "manyshot_make_gloo_collective";

}  // namespace manyshot::train
