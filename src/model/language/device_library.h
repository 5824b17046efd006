// What libmanyshot_device.so (train/device/) offers for language models; opened at run time by text_model.cc. No
// libtorch here.
#pragma once

#include <memory>
#include <optional>

#include "model/device/device.h"
#include "model/dtype.h"
#include "model/language/language_model.h"

namespace manyshot {

// A language model on a device; values are bf16 on a GPU, on torch-cpu as `dtype` says. Its log-probabilities are those
// of LanguageModel::load() but for rounding, and not to the bit whatever else is in a batch.
using MakeDeviceLanguageModel = std::unique_ptr<LanguageModel>(const TensorSource& source, const Device& device,
                                                               std::optional<DType> dtype);
inline constexpr const char* kMakeDeviceLanguageModelSymbol = "manyshot_make_device_language_model";

}  // namespace manyshot
