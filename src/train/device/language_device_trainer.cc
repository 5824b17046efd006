// Training of Llama and Qwen2 models by libtorch on a device.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "train/device/device_updates.h"
#include "train/device/language_network.h"
#include "train/device/library.h"
#include "train/device/torch_device.h"
#include "train/device/torch_errors.h"
#include "train/language/language_flops.h"
#include "train/language/lora_start.h"
#include "train/language/master_source.h"
#include "train/language/save_adapter.h"

namespace manyshot::train {
namespace {

using at::Tensor;

constexpr double kMostMemory = 0.5;  // of the device's free memory, for activations that are kept
constexpr size_t kMostPackTokens = 4 * kDevicePackTokens;

class LanguageDeviceTrainer : public LanguageTrainer {
 public:
  LanguageDeviceTrainer(const TensorSource& source, const LanguageTrainerOptions& options, const Device& device)
      : options_(options),
        base_name_(options.base_name.empty() ? source.path() : options.base_name),
        config_(source.config()),
        device_(torch_device(device)),
        rope_(config_) {
    fill_store(source);
    numbers_.emplace(store_.all(), device_);
    network_.emplace(source, options.trains_all ? nullptr : &lora_, store_, device_, torch_type(device, options.dtype));
    network_->renew(*numbers_);
    if (!device_.is_cuda()) return;
    room_ = kMostMemory * static_cast<double>(free_memory(device_));
    choose_pack_tokens();
  }

  std::span<Parameter> parameters() override {
    fetch();
    return store_.all();
  }
  void parameters_changed() override {
    guarded([&] {
      numbers_->send_masters();
      network_->renew(*numbers_);
    });
  }
  std::unique_ptr<WeightUpdates> device_updates(const OptimizerOptions& options, double ema) override {
    return make_device_updates(*numbers_, options, ema, [this] { network_->renew(*numbers_); });
  }
  const LanguageModelConfig& config() const override { return config_; }
  bool trains_all() const override { return options_.trains_all; }
  const TensorSource& weights() const override {
    fetch();
    return *masters_;
  }
  void save_adapter(const std::string& folder) const override {
    fetch();
    write_adapter_folder(lora_, options_.lora, base_name_, store_, folder);
  }

  LossSum accumulate(std::span<const TrainSample> batch, float scale, uint64_t seed) override {
    numbers_->set_changed();
    const double factor = scale;
    return run(batch, &factor, seed, nullptr);
  }
  LossSum loss(std::span<const TrainSample> batch) override { return run(batch, nullptr, 0, nullptr); }
  std::vector<double> sample_losses(std::span<const TrainSample> batch) override {
    std::vector<double> losses(batch.size());
    run(batch, nullptr, 0, losses.data());
    return losses;
  }
  bool leaves_cores_idle() const override { return device_.is_cuda(); }
  double matrix_rate() override {
    return guarded([&] { return product_rate(device_, network_->type()); });
  }
  // What the host holds: masters and gradients; the samples are the loop's.
  size_t peak_bytes(const BatchShape&) const override { return 2 * sizeof(float) * store_.num_values(); }

 private:
  void fill_store(const TensorSource& source) {
    if (options_.trains_all) {
      open_masters(source, store_);
      masters_ = make_master_source(source.path(), config_, store_);
      return;
    }
    const LoraStart start(source, options_);
    lora_ = start.modules();
    add_lora_factors(lora_, config_, store_);
    store_.allocate();
    start.fill(store_, options_.seed);
  }

  void fetch() const {
    guarded([&] { numbers_->fetch(); });
  }

  LossSum run(std::span<const TrainSample> batch, const double* scale, uint64_t seed, double* sample_losses) {
    at::set_num_threads(num_threads());
    return guarded([&] {
      LossSum sum;
      std::vector<Tensor> results;  // [2] loss and likeliest of each pack
      for (const auto& samples : pack_samples(batch, options_.pack_tokens)) {
        check_interrupted();
        run_pack(samples, scale, seed, sample_losses, sum, results);
        if (sample_losses != nullptr) sample_losses += samples.size();
      }
      if (results.empty()) return sum;
      const Tensor total = at::stack(results).sum(0).cpu();
      sum.loss = total[0].item<double>();
      sum.correct = static_cast<uint64_t>(total[1].item<double>());
      return sum;
    });
  }

  void run_pack(std::span<const TrainSample> samples, const double* scale, uint64_t seed, double* sample_losses,
                LossSum& sum, std::vector<Tensor>& results) {
    const PackedBatch batch(samples, config_);
    for (const TrainSample& sample : samples) sum.tokens += sample.tokens.size();
    if (batch.targets.empty()) return;
    sum.weight += static_cast<double>(batch.targets.size());
    sum.flops += language_flops(config_, trains_all() ? 0 : store_.num_values(), batch, scale != nullptr);
    const bool drops = scale != nullptr && !trains_all() && options_.lora.dropout > 0;
    const Dropout dropout = drops ? Dropout(options_.lora.dropout, seed, batch) : Dropout();
    const DeviceTexts texts = to_device(batch, rope_, dropout, device_);
    const LanguageNetwork::Losses losses = scale == nullptr ? forward(texts) : forward_and_back(texts, *scale);
    results.push_back(at::stack({losses.loss.sum(at::kDouble), losses.is_likeliest.sum(at::kDouble)}));
    if (sample_losses == nullptr) return;
    const Tensor here = losses.loss.cpu();
    for (size_t i = 0; i < batch.targets.size(); ++i) {
      sample_losses[batch.targets[i].sample] += static_cast<double>(here.data_ptr<float>()[i]);
    }
  }

  LanguageNetwork::Losses forward(const DeviceTexts& texts) {
    const c10::NoGradGuard no_gradients;
    Tensor x = network_->embed(texts);
    for (int64_t i = 0; i < network_->num_layers(); ++i) x = network_->layer(i, x, texts);
    return network_->losses(network_->hidden(x, texts), texts, nullptr, *numbers_);
  }

  // Checkpointing keeps the layers' inputs, and computes each layer again for its backward pass.
  LanguageNetwork::Losses forward_and_back(const DeviceTexts& texts, double scale) {
    const bool keeps_all = !checkpoints(texts.size());
    std::vector<Tensor> inputs;
    Tensor x = network_->embed(texts);
    const Tensor embedded = x;
    {
      const c10::AutoGradMode gradients(keeps_all);
      for (int64_t i = 0; i < network_->num_layers(); ++i) {
        if (!keeps_all) inputs.push_back(x.detach());
        x = network_->layer(i, x, texts);
      }
    }
    if (!keeps_all) x = x.detach().requires_grad_(true);
    const Tensor hidden = network_->hidden(x, texts);
    LanguageNetwork::Losses losses = network_->losses(hidden, texts, &scale, *numbers_);
    hidden.backward(losses.gradient);
    if (!keeps_all) {
      Tensor gradient = x.grad();
      for (int64_t i = network_->num_layers() - 1; i >= 0; --i) {
        const Tensor input = inputs[static_cast<size_t>(i)].requires_grad_(true);
        network_->layer(i, input, texts).backward(gradient);
        gradient = input.grad();
        inputs.pop_back();
      }
      if (embedded.requires_grad()) embedded.backward(gradient);
    }
    network_->add_gradients(*numbers_);
    return losses;
  }

  bool checkpoints(int64_t tokens) const {
    if (options_.checkpointing != Checkpointing::kAuto) return options_.checkpointing == Checkpointing::kAlways;
    return device_.is_cuda() && !keeps_activations(static_cast<size_t>(tokens));
  }

  bool keeps_activations(size_t tokens) const {
    return kept_activation_bytes(DecoderShape(config_), at::elementSize(network_->type())) *
               static_cast<double>(tokens) <=
           room_;
  }

  // Launching a layer takes the host as long as a small model needs for thousands of tokens: the more go through it
  // together the better, as long as their activations can be kept.
  void choose_pack_tokens() {
    options_.pack_tokens = std::max(options_.pack_tokens, kDevicePackTokens);
    while (options_.pack_tokens < kMostPackTokens && keeps_activations(2 * options_.pack_tokens))
      options_.pack_tokens *= 2;
  }

  LanguageTrainerOptions options_;
  std::string base_name_;
  LanguageModelConfig config_;
  at::Device device_;
  Rope rope_;
  LoraModules lora_;
  ParameterStore store_;  // a copy of the device's numbers
  std::unique_ptr<TensorSource> masters_;
  mutable std::optional<DeviceNumbers> numbers_;
  std::optional<LanguageNetwork> network_;
  double room_ = 0;  // bytes of the device for activations: later its allocator keeps what it once had
};

}  // namespace
}  // namespace manyshot::train

extern "C" std::unique_ptr<manyshot::train::LanguageTrainer> manyshot_make_device_language_trainer(
    const manyshot::TensorSource& source, const manyshot::train::LanguageTrainerOptions& options,
    const manyshot::Device& device) {
  using namespace manyshot::train;
  return guarded([&] { return std::make_unique<LanguageDeviceTrainer>(source, options, device); });
}
