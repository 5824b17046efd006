// Networks on devices: what libmanyshot_device.so offers to the rest of the program, which opens it at run time. No
// libtorch here.
#pragma once

#include <memory>

#include "model/compact/device_library.h"
#include "model/device/device.h"
#include "train/compact/compact_model.h"
#include "train/language/language_trainer.h"

namespace manyshot::train {

// Training of `compact` decoders on `device`, which is not the CPU of our own kernels. Products are bf16 on a GPU; on
// torch-cpu as options.dtype says. Throws Error(kUnsupported) as open_device_library() does and without that GPU, and
// what make_compact_model() throws.
std::unique_ptr<CompactModel> make_device_compact_model(const CompactNetworkOptions& options, const Device& device,
                                                        const Weights* weights = nullptr);

// Training of language models; throws what LanguageTrainer::create() throws, too.
std::unique_ptr<LanguageTrainer> make_device_language_trainer(const TensorSource& source,
                                                              const LanguageTrainerOptions& options,
                                                              const Device& device);

using MakeDeviceCompactModel = std::unique_ptr<CompactModel>(const CompactNetworkOptions& options, const Device& device,
                                                             const Weights* weights);
inline constexpr const char* kMakeDeviceCompactModelSymbol = "manyshot_make_device_compact_model";
using MakeDeviceLanguageTrainer = std::unique_ptr<LanguageTrainer>(const TensorSource& source,
                                                                   const LanguageTrainerOptions& options,
                                                                   const Device& device);
inline constexpr const char* kMakeDeviceLanguageTrainerSymbol = "manyshot_make_device_language_trainer";

}  // namespace manyshot::train
