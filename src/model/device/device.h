// Where a network computes: this program's own kernels on the CPU, or libtorch on a GPU, which a library of ours
// reaches that is opened when it is asked for (docs/adr/0018).
#pragma once

#include <string>
#include <string_view>

namespace manyshot {

enum class DeviceKind {
  kCpu,       // our own kernels
  kTorchCpu,  // libtorch on the CPU: the engine of GPUs where there is none, to compare with
  kCuda,
};

struct Device {
  DeviceKind kind = DeviceKind::kCpu;
  int index = 0;  // of a GPU

  bool is_cpu() const { return kind == DeviceKind::kCpu; }
  bool is_cuda() const { return kind == DeviceKind::kCuda; }
};

// "auto" and "cpu", "cuda", "cuda:1", "torch-cpu". Throws Error(kBadInput) for another text.
Device parse_device(std::string_view text);
std::string to_text(const Device& device);  // "cuda:0"

// The address of a function of libmanyshot_device.so, which is opened now. For a GPU the libraries of a torch
// installation of the same version are loaded first: that of the folder in MANYSHOT_TORCH, else that of the first
// Python on the PATH that has one. Throws Error(kUnsupported) naming what is missing: the driver, a torch installation,
// its version, its CUDA libraries; and what open_library() throws.
void* open_device_library(const Device& device, const char* symbol);

}  // namespace manyshot
