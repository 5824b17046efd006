// Training of `compact` decoders by libtorch on a device.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "train/compact/check_sample.h"
#include "train/compact/number_features.h"
#include "train/compact/task_pass.h"
#include "train/compact/weight_exchange.h"
#include "train/device/compact_network.h"
#include "train/device/device_updates.h"
#include "train/device/library.h"
#include "train/device/pack_size.h"
#include "train/device/torch_device.h"
#include "train/device/torch_errors.h"

namespace manyshot::train {
namespace {

using at::Tensor;

class DeviceCompactModel : public CompactModel {
 public:
  DeviceCompactModel(const CompactNetworkOptions& options, const Device& device, const Weights* weights)
      : options_(options),
        device_(device),
        shape_(options.config),
        parameters_(shape_, options.seed),
        scales_(output_scales(shape_, options.residual_decay)),
        number_features_(number_features(shape_.num_codes)),
        network_(shape_, scales_, torch_device(device), torch_type(device, options.dtype)),
        most_tokens_(most_tokens(shape_, network_.device(), network_.type())) {
    if (weights != nullptr) import_weights(*weights, shape_, scales_, number_features_, parameters_);
    numbers_.emplace(parameters_.list(), network_.device());
    network_.renew(numbers_->masters(), parameters_.places());
  }

  const ModelConfig& config() const override { return shape_.config; }
  const char* engine() const override {
    return device_.is_cuda()                  ? "bfloat16 (GPU)"
           : network_.type() == at::kBFloat16 ? "bfloat16 (libtorch)"
                                              : "float32 (libtorch)";
  }

  std::span<Parameter> parameters() override {
    fetch();
    return parameters_.list();
  }
  void parameters_changed() override {
    guarded([&] {
      numbers_->send_masters();
      network_.renew(numbers_->masters(), parameters_.places());
    });
  }
  std::unique_ptr<WeightUpdates> device_updates(const OptimizerOptions& options, double ema) override {
    return make_device_updates(*numbers_, options, ema,
                               [this] { network_.renew(numbers_->masters(), parameters_.places()); });
  }

  LossSum accumulate(std::span<const TrainSample> batch, float scale, uint64_t /*seed: no dropout*/) override {
    numbers_->set_changed();
    return run(batch, &scale);
  }
  LossSum loss(std::span<const TrainSample> batch) override { return run(batch, nullptr); }

  bool leaves_cores_idle() const override { return device_.is_cuda(); }
  double matrix_rate() override {
    return guarded([&] { return product_rate(network_.device(), network_.type()); });
  }

  // Masters and gradients in both types, and the activations of one task.
  size_t device_bytes(const BatchShape& shape) const override {
    const double tokens = static_cast<double>(shape.sample_rows) * static_cast<double>(shape.num_features + 2);
    return parameters_.places().size * (2 * sizeof(float) + 2 * at::elementSize(network_.type())) +
           static_cast<size_t>(tokens * activation_bytes(shape_, network_.type()));
  }

  // What the host holds: masters and gradients; the samples are the loop's.
  size_t peak_bytes(const BatchShape&) const override { return 2 * sizeof(float) * parameters_.places().size; }

  Weights exported() const override {
    fetch();
    return export_weights(shape_, scales_, number_features_, parameters_);
  }

  std::vector<float> log_probabilities(const TrainSample& sample) override {
    check_sample(shape_, sample);
    return guarded([&] {
      const c10::NoGradGuard no_gradients;
      const TrainSample* tasks[] = {&sample};
      const CompactNetwork::Logits logits =
          network_.logits(to_device(pack_tasks(shape_, options_, tasks), network_.device()));
      const Tensor here = at::log_softmax(logits.of_one_kind(), -1).cpu().contiguous();
      const float* values = here.data_ptr<float>();
      return std::vector<float>(values, values + here.numel());
    });
  }

 private:
  void fetch() const {
    guarded([&] { numbers_->fetch(); });
  }

  LossSum run(std::span<const TrainSample> batch, const float* gradient_scale) {
    for (const TrainSample& sample : batch) check_sample(shape_, sample);
    at::set_num_threads(num_threads());
    return guarded([&] {
      LossSum sum;
      std::vector<Tensor> results;  // [2] loss and right answers of each pack
      for (const auto& [begin, end] : group_tasks(batch, most_tokens_)) {
        check_interrupted();
        std::vector<const TrainSample*> tasks;
        for (const TrainSample& sample : batch.subspan(begin, end - begin)) tasks.push_back(&sample);
        results.push_back(run_pack(tasks, gradient_scale, sum));
      }
      // The one moment at which the host waits for the device.
      const Tensor total = at::stack(results).sum(0).cpu();
      sum.loss += total[0].item<double>();
      sum.correct = static_cast<uint64_t>(total[1].item<double>());
      return sum;
    });
  }

  Tensor run_pack(std::span<const TrainSample* const> tasks, const float* gradient_scale, LossSum& sum) {
    const c10::AutoGradMode gradients(gradient_scale != nullptr);
    const PackedTasks packed = pack_tasks(shape_, options_, tasks);
    for (const TrainSample* task : tasks) {
      sum.tokens += task->tokens.size();
      sum.flops += forward_flops(shape_, *task) * (gradient_scale != nullptr ? 3 : 1);
    }
    const double numbers = count_supervised(packed.numbers), deviation = codes_per_deviation(shape_.num_codes);
    sum.weight += count_supervised(packed.labels) + numbers;
    sum.loss -= numbers * std::log(deviation);  // as count_answer() has it

    const DevicePack pack = to_device(packed, network_.device());
    const CompactNetwork::Logits logits = network_.logits(pack);
    std::vector<BarSums> kinds;
    if (logits.labels.defined()) kinds.push_back(sums_of(logits.labels, pack.labels, 0));
    if (logits.numbers.defined()) kinds.push_back(sums_of(logits.numbers, pack.numbers, deviation / 4));
    Tensor loss = kinds.front().loss, correct = kinds.front().correct;
    if (kinds.size() > 1) {
      loss = loss + kinds.back().loss;
      correct = correct + kinds.back().correct;
    }
    if (gradient_scale != nullptr) {
      (loss * static_cast<double>(*gradient_scale)).backward();
      network_.add_gradients(numbers_->gradients(), parameters_.places());
    }
    return at::stack({loss.detach(), correct});
  }

  static double count_supervised(const PackedBars& bars) {
    return static_cast<double>(std::ranges::count(bars.supervised, 1));
  }

  struct BarSums {
    Tensor loss, correct;  // f64
  };
  // A likeliest answer that far from the right one counts as right.
  static BarSums sums_of(const Tensor& all_logits, const DeviceBars& bars, double near) {
    const Tensor logits = bars.is_allowed.defined() ? all_logits.masked_fill(bars.is_allowed.logical_not(),
                                                                             -std::numeric_limits<double>::infinity())
                                                    : all_logits;
    const Tensor losses = -at::log_softmax(logits, -1).gather(1, bars.label.unsqueeze(1)).squeeze(1);
    return {
        .loss = at::where(bars.is_supervised, losses, at::zeros_like(losses)).sum(at::kDouble),
        .correct = ((logits.argmax(1) - bars.label).abs() <= near).logical_and(bars.is_supervised).sum(at::kDouble)};
  }

  CompactNetworkOptions options_;
  Device device_;
  NetworkShape shape_;
  mutable CompactParameters parameters_;  // a copy of the device's numbers
  std::vector<float> scales_;
  std::vector<float> number_features_;
  CompactNetwork network_;
  size_t most_tokens_;  // of a pack
  mutable std::optional<DeviceNumbers> numbers_;
};

}  // namespace
}  // namespace manyshot::train

extern "C" std::unique_ptr<manyshot::train::CompactModel> manyshot_make_device_compact_model(
    const manyshot::train::CompactNetworkOptions& options, const manyshot::Device& device,
    const manyshot::Weights* weights) {
  using namespace manyshot::train;
  return guarded([&] { return std::make_unique<DeviceCompactModel>(options, device, weights); });
}
