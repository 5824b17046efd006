#include "model/device/device.h"

#include "core/error.h"
#include "core/library.h"
#include "core/text.h"
#include "model/device/torch_installation.h"

namespace manyshot {
namespace {

constexpr std::string_view kCuda = "cuda";
constexpr int kMostIndex = 1023;

}  // namespace

Device parse_device(std::string_view text) {
  if (text == "auto" || text == "cpu") return {};
  if (text == "torch-cpu") return {.kind = DeviceKind::kTorchCpu};
  if (text == kCuda) return {.kind = DeviceKind::kCuda};
  if (text.starts_with("cuda:")) {
    const int index = parse_exact<int>(text.substr(kCuda.size() + 1)).value_or(-1);
    if (index >= 0 && index <= kMostIndex) return {.kind = DeviceKind::kCuda, .index = index};
  }
  fail(ErrorKind::kBadInput, "--device {}: expected cpu, cuda, or cuda:N for GPU number N from 0", excerpt(text));
}

std::string to_text(const Device& device) {
  switch (device.kind) {
    case DeviceKind::kCpu:
      return "cpu";
    case DeviceKind::kTorchCpu:
      return "torch-cpu";
    case DeviceKind::kCuda:
      break;
  }
  return fmt::format("cuda:{}", device.index);
}

void* open_device_library(const Device& device, const char* symbol) {
  if (device.is_cuda()) load_cuda_torch();
  return open_library({.file = "libmanyshot_device.so",
                       .symbol = symbol,
                       .needed_for = "a device other than cpu needs",
                       .instead = "leave --device out"});
}

}  // namespace manyshot
