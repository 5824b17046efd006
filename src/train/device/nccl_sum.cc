#include "train/device/nccl_sum.h"

#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/log.h"
#include "core/stopwatch.h"

namespace manyshot::train {
namespace {

constexpr const char* kVariable = "MANYSHOT_NCCL";
constexpr double kTimeLimit = 600;  // seconds, as Gloo's
constexpr std::chrono::microseconds kPause{20};

// As nccl.h has them.
struct Id {
  std::array<char, 128> bytes;
};
constexpr int kSuccess = 0, kFloat32 = 7, kSum = 0, kInProgress = 7;

std::string library_name(const at::Device& device) {
  const char* given = std::getenv(kVariable);
  if (given != nullptr && *given != '\0') return std::string_view(given) == "off" ? "" : given;
  return device.is_cuda() ? "libnccl.so.2" : "";
}

}  // namespace

struct NcclSum::Library {
  int (*get_id)(Id*) = nullptr;
  int (*join)(void** communicator, int world_size, Id id, int rank) = nullptr;
  int (*all_reduce)(const void* from, void* to, size_t count, int type, int operation, void* communicator,
                    void* stream) = nullptr;
  int (*state)(void* communicator, int* result) = nullptr;
  int (*abort)(void* communicator) = nullptr;
  int (*leave)(void* communicator) = nullptr;
  const char* (*error_text)(int) = nullptr;
  bool is_whole = false;

  // Not whole without a name, a file or one of the functions.
  explicit Library(const std::string& name) {
    void* file = name.empty() ? nullptr : dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (file == nullptr) return;
    const auto find = [&](const char* symbol, auto& function) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(file, symbol));
      return function != nullptr;
    };
    is_whole = find("ncclGetUniqueId", get_id) && find("ncclCommInitRank", join) && find("ncclAllReduce", all_reduce) &&
               find("ncclCommGetAsyncError", state) && find("ncclCommAbort", abort) && find("ncclCommDestroy", leave) &&
               find("ncclGetErrorString", error_text);
  }

  void check(int result, const char* what) const {
    if (result == kSuccess) return;
    fail(ErrorKind::kUnavailable,
         "the processes' GPUs cannot be summed over ({}: {}); go on from the last checkpoint with --resume, or set "
         "{}=off to sum in the host's memory",
         what, error_text(result), kVariable);
  }
};

NcclSum::NcclSum(const Library& library, const at::Device& device) : library_(library), device_(device) {}

std::unique_ptr<NcclSum> NcclSum::open(const at::Device& device, const SumOverProcesses& processes) {
  static const Library library(library_name(device));
  float have_it = library.is_whole ? 1 : 0;
  processes.sum(std::span(&have_it, 1));
  if (have_it < static_cast<float>(processes.world_size)) {
    if (device.is_cuda()) log::info("gradients are summed in the host's memory: not every process has NCCL");
    return nullptr;
  }
  // The first one's id, a byte a number, since sums are what the processes can exchange.
  Id id{};
  if (processes.rank == 0) library.check(library.get_id(&id), "ncclGetUniqueId");
  std::vector<float> bytes;
  for (const char byte : id.bytes) bytes.push_back(static_cast<unsigned char>(byte));
  processes.sum(bytes);
  std::ranges::transform(bytes, id.bytes.begin(),
                         [](float byte) { return static_cast<char>(static_cast<unsigned char>(byte)); });
  std::unique_ptr<NcclSum> joined(new NcclSum(library, device));
  const c10::DeviceGuard on_device(device);
  library.check(library.join(&joined->communicator_, processes.world_size, id, processes.rank), "ncclCommInitRank");
  return joined;
}

NcclSum::~NcclSum() {
  if (communicator_ != nullptr) library_.leave(communicator_);
}

// libtorch computes on the default stream, and so does this.
void NcclSum::sum(at::Tensor& numbers) {
  const c10::DeviceGuard on_device(device_);
  library_.check(library_.all_reduce(numbers.const_data_ptr(), numbers.data_ptr(), static_cast<size_t>(numbers.numel()),
                                     kFloat32, kSum, communicator_, nullptr),
                 "ncclAllReduce");
  if (device_.is_cuda()) wait();
}

// A process that ends in the middle leaves the others' kernels running, and NCCL does not always notice.
void NcclSum::wait() {
  c10::Event done(device_.type());
  done.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
  const Stopwatch watch;
  while (!done.query()) {
    int result = kSuccess;
    library_.check(library_.state(communicator_, &result), "ncclCommGetAsyncError");
    if (result == kInProgress) result = kSuccess;
    const bool is_late = watch.seconds() > kTimeLimit;
    if (result != kSuccess || is_late) {
      library_.abort(communicator_);
      communicator_ = nullptr;
      fail(ErrorKind::kUnavailable, "another process of this run has ended or does not answer ({})",
           is_late ? "no sum of the gradients in ten minutes" : library_.error_text(result));
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace manyshot::train
