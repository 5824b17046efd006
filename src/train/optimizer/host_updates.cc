#include "train/optimizer/host_updates.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"
#include "train/optimizer/optimizer.h"
#include "train/optimizer/weight_average.h"

namespace manyshot::train {
namespace {

class HostUpdates : public WeightUpdates {
 public:
  HostUpdates(TrainableModel& network, const OptimizerOptions& options, double ema)
      : network_(network),
        optimizer_(make_optimizer(options, network.parameters())),
        average_(network.parameters(), ema) {}

  void zero_gradients() override { train::zero_gradients(network_.parameters()); }

  // In one block, so that the processes meet once.
  void sum_gradients(const SumOverProcesses& processes) override {
    std::vector<float> gradients;
    for (const Parameter& parameter : network_.parameters()) {
      gradients.insert(gradients.end(), parameter.gradient.begin(), parameter.gradient.end());
    }
    processes.sum(gradients);
    auto next = gradients.begin();
    for (const Parameter& parameter : network_.parameters()) {
      std::copy_n(next, parameter.gradient.size(), parameter.gradient.begin());
      next += static_cast<std::ptrdiff_t>(parameter.gradient.size());
    }
  }

  double finish_gradients(double factor, double max_norm) override {
    const std::span<Parameter> parameters = network_.parameters();
    const auto scale = static_cast<float>(factor);
    parallel_for(parameters.size(), [&](size_t i, int) {
      for (float& value : parameters[i].gradient) value *= scale;
    });
    return clip_gradients(parameters, max_norm);
  }

  void step(double factor, int64_t number) override {
    optimizer_->step(factor);
    average_.update(network_.parameters(), number);
    network_.parameters_changed();
  }

  void swap_average() override {
    if (!average_.is_active() && !optimizer_->has_average()) return;
    average_.swap(network_.parameters());
    optimizer_->swap_average();
    network_.parameters_changed();
  }

  std::vector<StateTensor> state() override {
    const std::span<Parameter> parameters = network_.parameters();
    std::vector<StateTensor> tensors;
    for (const Parameter& parameter : parameters) tensors.push_back({"master." + parameter.name, parameter.value});
    for (const StateTensor& part : optimizer_->state()) tensors.push_back({"optimizer." + part.name, part.values});
    for (StateTensor& tensor : average_.state(parameters)) tensors.push_back(std::move(tensor));
    return tensors;
  }
  void state_filled() override { network_.parameters_changed(); }
  Json counters() const override { return optimizer_->counters(); }
  void set_counters(const Json& counters) override { optimizer_->set_counters(counters); }

 private:
  TrainableModel& network_;
  std::unique_ptr<Optimizer> optimizer_;
  WeightAverage average_;
};

}  // namespace

std::unique_ptr<WeightUpdates> make_updates(TrainableModel& network, const OptimizerOptions& options, double ema) {
  if (auto updates = network.device_updates(options, ema)) return updates;
  return std::make_unique<HostUpdates>(network, options, ema);
}

}  // namespace manyshot::train
