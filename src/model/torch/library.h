// What libmanyshot_torch.so offers to the rest of the program, which opens it at run time (model/load.cc). No libtorch
// here.
#pragma once

#include <memory>
#include <string>

#include "model/compact/config.h"
#include "model/compact/weights.h"
#include "model/model.h"

namespace manyshot {

inline constexpr const char* kTorchLibraryName = "libmanyshot_torch.so";

// One factory per engine in the library.
using MakeReferenceDecoder = std::unique_ptr<Model>(const std::string& path, const ModelConfig& config,
                                                    const Weights& weights);
inline constexpr const char* kMakeReferenceDecoderSymbol = "manyshot_make_reference_decoder";

}  // namespace manyshot
