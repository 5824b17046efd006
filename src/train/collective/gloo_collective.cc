// Sums over processes with libtorch's Gloo. The only file of train/ that sees libtorch.
#define USE_C10D_GLOO
#include <ATen/ops/from_blob.h>

#include <chrono>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/error.h"
#include "train/collective/c10d_library.h"

namespace manyshot::train {
namespace {

constexpr std::chrono::minutes kTimeLimit{10};  // for others to come, and for a step of theirs

template <class Value>
constexpr at::ScalarType kScalarType = std::is_same_v<Value, float> ? at::kFloat : at::kDouble;

class GlooCollective : public Collective {
 public:
  explicit GlooCollective(const ProcessPlace& place) : place_(place) {
    try {
      c10d::TCPStoreOptions store_options;
      store_options.port = static_cast<uint16_t>(place.port);
      store_options.isServer = place.rank == 0 && !place.is_store_hosted;
      store_options.numWorkers = place.world_size;
      store_options.timeout = kTimeLimit;
      // torchrun's agent keeps its own keys in the same store, and a restarted run must not see those of the last one.
      const char* attempt = std::getenv("TORCHELASTIC_RESTART_COUNT");
      const auto store =
          c10::make_intrusive<c10d::PrefixStore>(fmt::format("manyshot/{}", attempt == nullptr ? "0" : attempt),
                                                 c10::make_intrusive<c10d::TCPStore>(place.address, store_options));
      auto options = c10d::ProcessGroupGloo::Options::create(kTimeLimit);
      options->devices.push_back(device(place));
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.world_size, options);
    } catch (const std::exception& error) {
      fail(ErrorKind::kUnavailable, "process {} of {} cannot reach the others at {}:{}: {}", place.rank,
           place.world_size, place.address, place.port, first_line(error.what()));
    }
  }

  int rank() const override { return place_.rank; }
  int world_size() const override { return place_.world_size; }
  void all_reduce_sum(std::span<float> values) override { all_reduce(values); }
  void all_reduce_sum(std::span<double> values) override { all_reduce(values); }

 private:
  // One machine talks over the loopback address that torchrun gives; several over the device of the host's name.
  static std::shared_ptr<::gloo::transport::Device> device(const ProcessPlace& place) {
    const bool is_local = place.address == "localhost" || place.address.starts_with("127.");
    return is_local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                    : c10d::ProcessGroupGloo::createDefaultDevice();
  }

  static std::string first_line(const std::string& message) { return message.substr(0, message.find('\n')); }

  template <class Value>
  void all_reduce(std::span<Value> values) {
    try {
      std::vector<at::Tensor> tensors = {
          at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::dtype(kScalarType<Value>))};
      group_->allreduce(tensors)->wait();
    } catch (const std::exception& error) {
      fail(ErrorKind::kUnavailable, "another process of this run has ended or does not answer ({})",
           first_line(error.what()));
    }
  }

  ProcessPlace place_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace
}  // namespace manyshot::train

extern "C" std::unique_ptr<manyshot::train::Collective> manyshot_make_gloo_collective(
    const manyshot::train::ProcessPlace& place) {
  return std::make_unique<manyshot::train::GlooCollective>(place);
}
