#include "train/device/torch_device.h"

#include <ATen/ATen.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>

#include "core/error.h"
#include "core/stopwatch.h"

namespace manyshot::train {
namespace {

constexpr size_t kUnknownMemory = size_t{12} << 30;  // of a device that does not say: the cards that train have more

}  // namespace

at::Device torch_device(const Device& device) {
  if (!device.is_cuda()) return at::kCPU;
  const int64_t count = at::detail::getCUDAHooks().deviceCount();
  if (device.index >= count) {
    fail(ErrorKind::kUnsupported,
         "device {}: this machine has {} GPU{} that its torch can use; give another, or leave --device out",
         to_text(device), count, count == 1 ? "" : "s");
  }
  return {at::kCUDA, static_cast<c10::DeviceIndex>(device.index)};
}

at::ScalarType torch_type(const Device& device, std::optional<DType> dtype) {
  if (!device.is_cuda()) return choose_dtype(dtype) == DType::kBFloat16 ? at::kBFloat16 : at::kFloat;
  if (dtype == DType::kFloat32) {
    fail(ErrorKind::kUnsupported, "device {} computes in bfloat16; leave model.dtype out, or use device cpu",
         to_text(device));
  }
  return at::kBFloat16;
}

size_t free_memory(const at::Device& device) {
  try {
    return at::getDeviceAllocator(at::kCUDA)->getMemoryInfo(device.index()).first;
  } catch (const c10::Error&) {
    return kUnknownMemory;
  }
}

double product_rate(const at::Device& device, at::ScalarType type) {
  if (device.is_cpu()) return 0;
  constexpr int64_t kSize = 8192;
  constexpr int kWarmUps = 3, kProducts = 20;
  const at::Tensor a = at::randn({kSize, kSize}, at::TensorOptions(device).dtype(type)), b = a.clone();
  at::Tensor product = at::empty_like(a);
  const auto wait = [&] { return product[0][0].item<float>(); };
  for (int i = 0; i < kWarmUps; ++i) at::mm_out(product, a, b);
  wait();
  const Stopwatch watch;
  for (int i = 0; i < kProducts; ++i) at::mm_out(product, a, b);
  wait();
  return 2.0 * kProducts * static_cast<double>(kSize * kSize * kSize) / watch.seconds();
}

}  // namespace manyshot::train
