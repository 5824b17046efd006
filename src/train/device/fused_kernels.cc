#include "train/device/fused_kernels.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "train/device/embedded.h"
#include "train/device/kernel_compiler.h"

namespace manyshot::train {
namespace {

using at::Tensor;

constexpr const char* kVariable = "MANYSHOT_KERNELS";
constexpr int64_t kMostHeadDim = 64;
constexpr int kThreads = 256, kWarp = 32;

// The part of cuda.h that is used here, which a machine without CUDA lacks.
using Handle = void*;
struct Driver {
  int (*device_of)(int* device, int ordinal);
  int (*attribute)(int*, int attribute, int device);
  int (*load)(Handle* module, const void* image);
  int (*function_of)(Handle* function, Handle module, const char* name);
  int (*set_attribute)(Handle function, int attribute, int value);
  int (*launch)(Handle function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned shared_bytes,
                Handle stream, void** arguments, void** extra);
  int (*error_name)(int, const char**);
};
constexpr int kMajor = 75, kMinor = 76, kMostShared = 97;  // CU_DEVICE_ATTRIBUTE_…
constexpr int kDynamicShared = 8;                          // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) fail(ErrorKind::kUnsupported, "the GPU's driver has no {}", name);
}

const Driver& driver() {
  static const Driver opened = [] {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == nullptr) fail(ErrorKind::kUnsupported, "there is no GPU driver");
    Driver found{};
    find(library, "cuDeviceGet", found.device_of);
    find(library, "cuDeviceGetAttribute", found.attribute);
    find(library, "cuModuleLoadData", found.load);
    find(library, "cuModuleGetFunction", found.function_of);
    find(library, "cuFuncSetAttribute", found.set_attribute);
    find(library, "cuLaunchKernel", found.launch);
    find(library, "cuGetErrorName", found.error_name);
    return found;
  }();
  return opened;
}

void check(int result, const char* what) {
  if (result == 0) return;
  const char* name = nullptr;
  driver().error_name(result, &name);
  fail(ErrorKind::kUnavailable, "the device failed ({}: {}); go on from the last checkpoint with --resume", what,
       name == nullptr ? std::to_string(result) : name);
}

template <class T>
T* data_of(const Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

// As fused_kernels.cu has it.
struct RowArguments {
  const void *q, *k, *v;
  long long q_stride, kv_stride;
  const float *q_cosines, *q_sines, *k_cosines, *k_sines;
  const int *query_end, *key_end;
  int num_heads;
  float scale;
};

RowArguments arguments_of(const FusedKernels::RowAttention& rows) {
  return {.q = rows.q.data_ptr(),
          .k = rows.k.data_ptr(),
          .v = rows.v.data_ptr(),
          .q_stride = rows.q.stride(0),
          .kv_stride = rows.k.stride(0),
          .q_cosines = data_of<float>(rows.q_cosines),
          .q_sines = data_of<float>(rows.q_sines),
          .k_cosines = data_of<float>(rows.k_cosines),
          .k_sines = data_of<float>(rows.k_sines),
          .query_end = data_of<int>(rows.lengths->device_query_end),
          .key_end = data_of<int>(rows.lengths->device_key_end),
          .num_heads = static_cast<int>(rows.q.size(1)),
          .scale = static_cast<float>(rows.scale)};
}

struct Grid {
  unsigned x = 1, y = 1;
};

Grid grid_for(int64_t threads) { return {.x = static_cast<unsigned>((threads + kThreads - 1) / kThreads)}; }

Grid grid_for(const FusedKernels::RowAttention& rows) {
  return {.x = static_cast<unsigned>(rows.lengths->query_end.size() - 1), .y = static_cast<unsigned>(rows.q.size(1))};
}

}  // namespace

struct FusedKernels::Module {
  Handle rotate, swiglu, swiglu_gradient, row_attention, row_attention_gradient;
  int most_shared = 0;  // bytes of a block

  // Of `type` arguments in the kernel's order. libtorch computes on the default stream, and so does this.
  template <class... Arguments>
  static void launch(Handle kernel, const char* name, Grid grid, int threads, size_t shared, Arguments... arguments) {
    std::array<void*, sizeof...(Arguments)> places = {static_cast<void*>(&arguments)...};
    check(driver().launch(kernel, grid.x, grid.y, 1, static_cast<unsigned>(threads), 1, 1,
                          static_cast<unsigned>(shared), nullptr, places.data(), nullptr),
          name);
  }
};

FusedKernels::~FusedKernels() = default;

FusedKernels::FusedKernels(int device, int64_t head_dim) : head_dim_(head_dim), module_(std::make_unique<Module>()) {
  int number = 0, major = 0, minor = 0;
  check(driver().device_of(&number, device), "device");
  check(driver().attribute(&major, kMajor, number), "attribute");
  check(driver().attribute(&minor, kMinor, number), "attribute");
  check(driver().attribute(&module_->most_shared, kMostShared, number), "attribute");
  const std::string image = compile_kernels(std::string(device::fused_kernels()), fmt::format("sm_{}{}", major, minor),
                                            {fmt::format("HEAD_DIM={}", head_dim)});
  Handle loaded = nullptr;
  check(driver().load(&loaded, image.data()), "kernels");
  const auto kernel = [&](const char* name) {
    Handle function = nullptr;
    check(driver().function_of(&function, loaded, name), name);
    return function;
  };
  module_->rotate = kernel("rotate");
  module_->swiglu = kernel("swiglu");
  module_->swiglu_gradient = kernel("swiglu_gradient");
  module_->row_attention = kernel("row_attention");
  module_->row_attention_gradient = kernel("row_attention_gradient");
  for (const Handle function : {module_->row_attention, module_->row_attention_gradient}) {
    check(driver().set_attribute(function, kDynamicShared, module_->most_shared), "shared memory");
  }
}

const FusedKernels* FusedKernels::of(const Tensor& x, int64_t head_dim) {
  if (!x.is_cuda() || x.scalar_type() != at::kBFloat16 || head_dim % 8 != 0 || head_dim > kMostHeadDim) return nullptr;
  static const char* const value = std::getenv(kVariable);
  if (value != nullptr && std::string_view(value) == "off") return nullptr;
  static std::mutex mutex;
  static std::map<std::pair<int, int64_t>, std::unique_ptr<const FusedKernels>> compiled;
  const std::lock_guard lock(mutex);
  const std::pair key(static_cast<int>(x.device().index()), head_dim);
  const auto found = compiled.find(key);
  if (found != compiled.end()) return found->second.get();
  std::unique_ptr<const FusedKernels> kernels;
  try {
    kernels.reset(new FusedKernels(key.first, head_dim));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupported) throw;
    log::warning("no kernels of our own on this GPU, operators do their work: {}", error.what());
  }
  return compiled.emplace(key, std::move(kernels)).first->second.get();
}

void FusedKernels::rotate(const Tensor& x, const Tensor& cosines, const Tensor& sines, double direction,
                          const Tensor& out) const {
  const auto heads = static_cast<int>(x.size(1));
  Module::launch(module_->rotate, "rotate", grid_for(x.size(0) * heads), kThreads, 0, x.data_ptr(),
                 static_cast<long long>(x.stride(0)), data_of<float>(cosines), data_of<float>(sines),
                 static_cast<float>(direction), static_cast<long long>(x.size(0)), heads, out.data_ptr(),
                 static_cast<long long>(out.stride(0)));
}

void FusedKernels::swiglu(const Tensor& gate_up, const Tensor& out) const {
  const int64_t width = out.size(1);
  Module::launch(module_->swiglu, "swiglu", grid_for(out.size(0) * width / 2), kThreads, 0, gate_up.data_ptr(),
                 static_cast<long long>(out.size(0)), static_cast<int>(width), out.data_ptr());
}

void FusedKernels::swiglu_gradient(const Tensor& gate_up, const Tensor& out_gradient, const Tensor& gradient) const {
  const int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
  Module::launch(module_->swiglu_gradient, "swiglu_gradient", grid_for(rows * width / 2), kThreads, 0,
                 gate_up.data_ptr(), out_gradient.data_ptr(), static_cast<long long>(rows), static_cast<int>(width),
                 gradient.data_ptr());
}

namespace {

// Of the gradient, which takes more.
size_t shared_bytes(const SequenceLengths& lengths, int64_t head_dim) {
  const int64_t stride = head_dim + 4;
  return static_cast<size_t>(2 * (lengths.most_keys + lengths.most_queries) * stride + 2 * lengths.most_queries) *
         sizeof(float);
}

}  // namespace

bool FusedKernels::fit(const RowAttention& rows) const {
  return rows.q.size(1) == rows.k.size(1) &&
         shared_bytes(*rows.lengths, head_dim_) <= static_cast<size_t>(module_->most_shared);
}

void FusedKernels::row_attention(const RowAttention& rows, const Tensor& out, const Tensor& log_sum) const {
  const size_t shared = static_cast<size_t>(2 * rows.lengths->most_keys * (head_dim_ + 4)) * sizeof(float);
  Module::launch(module_->row_attention, "row_attention", grid_for(rows), kWarp, shared, arguments_of(rows),
                 out.data_ptr(), data_of<float>(log_sum));
}

void FusedKernels::row_attention_gradient(const RowAttention& rows, const Tensor& out, const Tensor& log_sum,
                                          const Tensor& out_gradient, const Tensor& dq, const Tensor& dk,
                                          const Tensor& dv) const {
  Module::launch(module_->row_attention_gradient, "row_attention_gradient", grid_for(rows), kWarp,
                 shared_bytes(*rows.lengths, head_dim_), arguments_of(rows), out.data_ptr(), data_of<float>(log_sum),
                 out_gradient.data_ptr(), dq.data_ptr(), dk.data_ptr(), dv.data_ptr());
}

}  // namespace manyshot::train
