#include "train/device/device_updates.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "train/device/device_optimizer.h"
#include "train/device/nccl_sum.h"
#include "train/device/torch_errors.h"
#include "train/optimizer/weight_average.h"

namespace manyshot::train {
namespace {

using at::Tensor;

class DeviceUpdates : public WeightUpdates {
 public:
  DeviceUpdates(DeviceNumbers& numbers, const OptimizerOptions& options, double ema, std::function<void()> changed)
      : numbers_(numbers),
        optimizer_(make_device_optimizer(options, numbers)),
        ema_(ema),
        average_(ema > 0 ? numbers.masters().clone() : Tensor()),
        changed_(std::move(changed)) {}

  void zero_gradients() override {
    guarded([&] { numbers_.gradients().zero_(); });
  }

  void sum_gradients(const SumOverProcesses& processes) override {
    guarded([&] {
      if (!have_met_) nccl_ = NcclSum::open(numbers_.gradients().device(), processes);
      have_met_ = true;
      if (nccl_ != nullptr) return nccl_->sum(numbers_.gradients());
      Tensor here = numbers_.gradients().cpu();
      processes.sum({here.data_ptr<float>(), static_cast<size_t>(here.numel())});
      numbers_.gradients().copy_(here);
    });
  }

  double finish_gradients(double factor, double max_norm) override {
    return guarded([&] {
      Tensor& gradients = numbers_.gradients();
      gradients.mul_(factor);
      const double norm = at::linalg_vector_norm(gradients, 2, {}, false, at::kDouble).item<double>();
      if (max_norm > 0 && norm > max_norm) gradients.mul_(max_norm / norm);
      return norm;
    });
  }

  void step(double factor, int64_t number) override {
    guarded([&] {
      optimizer_->step(factor);
      if (average_.defined()) average_.lerp_(numbers_.masters(), static_cast<float>(average_weight(ema_, number)));
      set_changed();
    });
  }

  void swap_average() override {
    if (!average_.defined() && !optimizer_->has_average()) return;
    guarded([&] {
      if (average_.defined()) {
        const Tensor masters = numbers_.masters().clone();
        numbers_.masters().copy_(average_);
        average_.copy_(masters);
      }
      optimizer_->swap_average();
      set_changed();
    });
  }

  std::vector<StateTensor> state() override {
    return guarded([&] {
      const std::vector<NamedTensor> parts = tensors();
      host_.assign(parts.size(), {});
      std::vector<StateTensor> state;
      for (size_t i = 0; i < parts.size(); ++i) {
        const Tensor here = parts[i].tensor.cpu().contiguous();
        host_[i].assign(here.const_data_ptr<float>(), here.const_data_ptr<float>() + here.numel());
        state.push_back({parts[i].name, host_[i]});
      }
      return state;
    });
  }

  void state_filled() override {
    guarded([&] {
      std::vector<NamedTensor> parts = tensors();
      for (size_t i = 0; i < parts.size(); ++i) {
        parts[i].tensor.copy_(at::from_blob(host_[i].data(), parts[i].tensor.sizes(), at::kFloat));
      }
      set_changed();
    });
  }

  Json counters() const override { return optimizer_->counters(); }
  void set_counters(const Json& counters) override { optimizer_->set_counters(counters); }

 private:
  void set_changed() {
    numbers_.set_changed();
    changed_();
  }

  // As HostUpdates names them.
  std::vector<NamedTensor> tensors() {
    const std::span<const Parameter> list = numbers_.list();
    std::vector<NamedTensor> all;
    for (size_t i = 0; i < list.size(); ++i) all.push_back({"master." + list[i].name, numbers_.value(i)});
    for (NamedTensor& part : optimizer_->state()) all.push_back({"optimizer." + part.name, part.tensor});
    if (!average_.defined()) return all;
    for (size_t i = 0; i < list.size(); ++i) all.push_back({"average." + list[i].name, numbers_.part(average_, i)});
    return all;
  }

  DeviceNumbers& numbers_;
  std::unique_ptr<DeviceOptimizer> optimizer_;
  double ema_;
  Tensor average_;  // [all numbers]
  std::function<void()> changed_;
  bool have_met_ = false;                 // with the other processes
  std::unique_ptr<NcclSum> nccl_;         // null where they sum in the host's memory
  std::vector<std::vector<float>> host_;  // the state of the last state()
};

}  // namespace

std::unique_ptr<WeightUpdates> make_device_updates(DeviceNumbers& numbers, const OptimizerOptions& options, double ema,
                                                   std::function<void()> changed) {
  return guarded([&] { return std::make_unique<DeviceUpdates>(numbers, options, ema, std::move(changed)); });
}

}  // namespace manyshot::train
