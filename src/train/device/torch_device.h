// A device of ours as libtorch names it, and what it has.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstddef>
#include <optional>

#include "model/device/device.h"
#include "model/dtype.h"

namespace manyshot::train {

// Throws Error(kUnsupported) for a GPU that is not there.
at::Device torch_device(const Device& device);

// Of the products. Throws Error(kUnsupported) for f32 on a GPU, whose attention computes in bf16.
at::ScalarType torch_type(const Device& device, std::optional<DType> dtype);

// Bytes. REQUIRES: a GPU.
size_t free_memory(const at::Device& device);

// Floating-point operations a second of large products of a GPU, measured now; no network reaches them. 0 for a CPU.
double product_rate(const at::Device& device, at::ScalarType type);

}  // namespace manyshot::train
