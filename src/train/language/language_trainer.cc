#include "train/language/language_trainer.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "model/files/adapter_folder.h"
#include "train/language/backward_pass.h"
#include "train/language/language_flops.h"
#include "train/language/lora_start.h"
#include "train/language/save_adapter.h"
#include "train/language/vocabulary_loss.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::BFloat16;

namespace {

template <class T>
class LanguageTrainerOf : public LanguageTrainer {
 public:
  LanguageTrainerOf(const TensorSource& source, const LanguageTrainerOptions& options)
      : options_(options), base_name_(options.base_name.empty() ? source.path() : options.base_name) {
    if (options.trains_all) {
      network_ = std::make_unique<TrainedNetwork<T>>(source);
    } else {
      const LoraStart start(source, options_);
      lora_ = start.modules();
      network_ = std::make_unique<TrainedNetwork<T>>(source, lora_);
      start.fill(network_->store(), options.seed);
      network_->parameters_changed();
    }
    plan_.emplace(source.config(), options.trains_all ? nullptr : &lora_, options.dtype, options.checkpointing,
                  options.pack_tokens);
  }

  std::span<Parameter> parameters() override { return network_->store().all(); }
  void parameters_changed() override { network_->parameters_changed(); }
  const LanguageModelConfig& config() const override { return network_->net().config; }
  bool trains_all() const override { return network_->trains_all(); }
  const TensorSource& weights() const override { return network_->masters(); }
  void save_adapter(const std::string& folder) const override {
    write_adapter_folder(lora_, options_.lora, base_name_, network_->store(), folder);
  }

  LossSum accumulate(std::span<const TrainSample> batch, float scale, uint64_t seed) override {
    LossSum sum;
    for (const auto& samples : pack_samples(batch, options_.pack_tokens)) {
      sum += run_pack(samples, &scale, seed, nullptr);
    }
    return sum;
  }

  LossSum loss(std::span<const TrainSample> batch) override {
    LossSum sum;
    for (const auto& samples : pack_samples(batch, options_.pack_tokens)) sum += run_pack(samples, nullptr, 0, nullptr);
    return sum;
  }

  std::vector<double> sample_losses(std::span<const TrainSample> batch) override {
    std::vector<double> losses(batch.size());
    double* next = losses.data();
    for (const auto& samples : pack_samples(batch, options_.pack_tokens)) {
      run_pack(samples, nullptr, 0, next);
      next += samples.size();
    }
    return losses;
  }

  size_t peak_bytes(const BatchShape& shape) const override { return plan_->peak_bytes(shape); }

 private:
  using Loss = VocabularyLoss<T>;

  // Loss of one pack, and with `scale` its gradients. sample_losses: per sample, or null.
  LossSum run_pack(std::span<const TrainSample> samples, const float* scale, uint64_t seed, double* sample_losses) {
    const PackedBatch batch(samples, config());
    if (sample_losses != nullptr) std::fill_n(sample_losses, samples.size(), 0.0);
    LossSum sum;
    for (const TrainSample& sample : samples) sum.tokens += sample.tokens.size();
    if (batch.targets.empty()) return sum;

    const bool differentiates = scale != nullptr;
    const PassMode mode = differentiates ? plan_->mode_for(batch.tokens.size()) : PassMode::kLoss;
    const bool drops = differentiates && !network_->trains_all() && options_.lora.dropout > 0;
    const Dropout dropout = drops ? Dropout(options_.lora.dropout, seed, batch) : Dropout();
    const DecoderNetwork<T>& net = network_->net();
    const size_t num_targets = batch.targets.size();
    AlignedBuffer<T> hidden(num_targets * net.D);
    ForwardPass<T> forward(*network_, batch, dropout, mode, memory_);
    forward.run(hidden.data());

    std::vector<typename Loss::Row> rows(num_targets);
    if (!vocabulary_loss_) vocabulary_loss_ = std::make_unique<Loss>(static_cast<size_t>(config().vocab_size), net.D);
    AlignedBuffer<float> hidden_gradients(differentiates ? num_targets * net.D : 0);
    typename Loss::Gradients gradients;
    if (differentiates) {
      gradients = {*scale, hidden_gradients.data(), nullptr};
      if (network_->trains_all()) gradients.head = network_->store()[network_->numbers().head].gradient.data();
    }
    vocabulary_loss_->run(net.head, network_->head_transposed(), hidden.data(), batch.targets, rows.data(),
                          differentiates ? &gradients : nullptr);
    for (size_t i = 0; i < num_targets; ++i) {
      sum.loss += rows[i].loss;
      sum.correct += rows[i].is_correct ? 1 : 0;
      if (sample_losses != nullptr) sample_losses[batch.targets[i].sample] += rows[i].loss;
    }
    sum.weight = static_cast<double>(num_targets);
    sum.flops =
        language_flops(config(), network_->trains_all() ? 0 : network_->store().num_values(), batch, differentiates);
    if (differentiates) BackwardPass<T>(*network_, forward, mode, memory_).run(hidden_gradients.data());
    return sum;
  }

  LanguageTrainerOptions options_;
  std::string base_name_;
  std::optional<LanguageMemory> plan_;
  LoraModules lora_;
  std::unique_ptr<TrainedNetwork<T>> network_;
  PassMemory<T> memory_;
  std::unique_ptr<Loss> vocabulary_loss_;
};

}  // namespace

LanguageMemory plan_language_memory(const LanguageModelConfig& config, const std::string& base,
                                    const LanguageTrainerOptions& options) {
  LoraModules lora;
  if (!options.trains_all) {
    lora = options.adapter.empty()
               ? lora_modules(options.lora, config)
               : continued_modules(read_adapter_folder(options.adapter), config, base, options.adapter);
  }
  return {config, options.trains_all ? nullptr : &lora, options.dtype, options.checkpointing, options.pack_tokens};
}

std::unique_ptr<LanguageTrainer> LanguageTrainer::create(const TensorSource& source,
                                                         const LanguageTrainerOptions& options) {
  if (options.trains_all && !options.adapter.empty()) {
    fail(ErrorKind::kBadInput, "{}: an adapter is continued with LoRA, not when all weights are trained",
         options.adapter);
  }
  if (choose_dtype(options.dtype) == DType::kFloat32)
    return std::make_unique<LanguageTrainerOf<float>>(source, options);
  return std::make_unique<LanguageTrainerOf<BFloat16>>(source, options);
}

}  // namespace manyshot::train
