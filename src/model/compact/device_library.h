// What libmanyshot_device.so (train/device/) offers for prediction; opened at run time by model/load.cc. No libtorch
// here.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/compact/config.h"
#include "model/compact/weights.h"
#include "model/device/device.h"
#include "model/dtype.h"
#include "model/model.h"

namespace manyshot {

// A `compact` model on a device; products are bf16 on a GPU, on torch-cpu as `dtype` says.
using MakeDeviceDecoder = std::unique_ptr<Model>(const std::string& path, const ModelConfig& config,
                                                 const Weights& weights, const Device& device,
                                                 std::optional<DType> dtype);
inline constexpr const char* kMakeDeviceDecoderSymbol = "manyshot_make_device_decoder";

}  // namespace manyshot
