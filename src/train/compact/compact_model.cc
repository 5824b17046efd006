#include "train/compact/compact_model.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/simd.h"
#include "model/dtype.h"
#include "train/compact/check_sample.h"
#include "train/compact/gradient_sums.h"
#include "train/compact/number_features.h"
#include "train/compact/parameters.h"
#include "train/compact/task_pass.h"
#include "train/compact/weight_exchange.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::BFloat16;

namespace {

template <class T>
class TrainedNetwork : public CompactModel {
 public:
  TrainedNetwork(const CompactNetworkOptions& options, const Weights* weights)
      : options_(options),
        shape_(options.config),
        parameters_(shape_, options.seed),
        scales_(output_scales(shape_, options.residual_decay)),
        number_features_(number_features(shape_.num_codes)),
        smooth_tables_(shape_.num_smooth() * shape_.D),
        label_head_(shape_.num_labels, shape_.D),
        number_head_(shape_.num_codes, shape_.D),
        sums_(shape_, parameters_.places()) {
    for (size_t i = 0; i < shape_.num_layers; ++i) layers_.emplace_back(shape_);
    if (weights != nullptr) import_weights(*weights, shape_, scales_, number_features_, parameters_);
    parameters_changed();
  }

  const ModelConfig& config() const override { return shape_.config; }
  const char* engine() const override { return std::is_same_v<T, BFloat16> ? "bfloat16 (avx512_bf16)" : "float32"; }
  std::span<Parameter> parameters() override { return parameters_.list(); }

  void parameters_changed() override {
    constexpr size_t kCodes = 50;  // of one parallel task
    const size_t parts = (shape_.num_codes + kCodes - 1) / kCodes, tables = shape_.smooth_tokens.size();
    parallel_for(layers_.size() + tables * parts, [&](size_t i, int) {
      if (i < layers_.size()) return layers_[i].renew(parameters_, parameters_.places().layers[i], scales_[i]);
      const size_t table = (i - layers_.size()) / parts, first = (i - layers_.size()) % parts * kCodes;
      embed_numbers(number_features_, parameters_.value(parameters_.places().smooth + table * smooth_weights()),
                    shape_.D, first, std::min(kCodes, shape_.num_codes - first),
                    smooth_tables_.data() + table * shape_.num_codes * shape_.D);
    });
    label_head_.renew(parameters_.value(parameters_.places().plain));
    if (shape_.config.typed) number_head_.renew(smooth_tables_.data() + shape_.first_target() * shape_.D);
  }

  LossSum accumulate(std::span<const TrainSample> batch, float scale, uint64_t /*seed: no dropout*/) override {
    return run(batch, &scale);
  }
  LossSum loss(std::span<const TrainSample> batch) override { return run(batch, nullptr); }

  size_t peak_bytes(const BatchShape& shape) const override {
    // The task that keeps most: all rows labelled.
    const TaskSize size = TaskSize::of(shape.sample_rows, 0, shape.num_features);
    const auto workers = std::min<size_t>(static_cast<size_t>(num_threads()), shape.num_samples);
    const size_t per_weight = 2 * sizeof(float) + 2 * sizeof(T);  // master, gradient, packed both ways
    return workers * TaskPass<T>::bytes(shape_, size) + per_weight * parameters_.places().size +
           GradientSums::bytes(shape_, parameters_.places(), std::min(shape.num_samples, kMostGradientSums));
  }

  Weights exported() const override { return export_weights(shape_, scales_, number_features_, parameters_); }

  std::vector<float> log_probabilities(const TrainSample& sample) override {
    check_sample(shape_, sample);
    reserve(std::span(&sample, 1));
    TaskPass<T>& pass = pass_of(0);
    const BarLabels bars = bar_labels(shape_, options_, sample);
    pass.run(view(), sample, bars, nullptr);
    const LabelHead& head = bars.are_numbers ? number_head_ : label_head_;
    std::vector<float> result;
    for (size_t bar = 0; bar < sample.num_rows(); ++bar) {
      const float* logits = pass.logits() + bar * head.padded_answers();
      const float highest = *std::max_element(logits, logits + head.num_answers());
      double total = 0;
      for (size_t k = 0; k < head.num_answers(); ++k) total += std::exp(logits[k] - highest);
      for (size_t k = 0; k < head.num_answers(); ++k) {
        result.push_back(static_cast<float>(logits[k] - highest - std::log(total)));
      }
    }
    return result;
  }

 private:
  CompactWeightsView<T> view() const {
    const ParameterPlaces& places = parameters_.places();
    return {.shape = &shape_,
            .layers = &layers_,
            .label_head = &label_head_,
            .number_head = &number_head_,
            .final_norm = parameters_.value(places.final_norm),
            .embedding = {.smooth = smooth_tables_.data(), .plain = parameters_.value(places.plain)}};
  }
  size_t smooth_weights() const { return kNumberFeatures * shape_.D; }

  // The passes are large enough for every sample of the batch.
  void reserve(std::span<const TrainSample> batch) {
    for (const TrainSample& sample : batch) pass_size_.grow(TaskSize::of(sample));
    passes_.resize(static_cast<size_t>(num_threads()));
  }

  // A worker's own, made when it is first needed: with fewer samples than threads any of them may come.
  TaskPass<T>& pass_of(int worker) {
    auto& pass = passes_[static_cast<size_t>(worker)];
    if (!pass || !pass->size().covers(pass_size_)) pass = std::make_unique<TaskPass<T>>(shape_, pass_size_);
    return *pass;
  }

  LossSum run(std::span<const TrainSample> batch, const float* gradient_scale) {
    for (const TrainSample& sample : batch) check_sample(shape_, sample);
    reserve(batch);
    const auto shares = share_out(shape_, batch);
    if (gradient_scale != nullptr) sums_.reserve(shares.size());
    const CompactWeightsView<T> weights = view();
    std::vector<LossSum> losses(batch.size());
    parallel_for(shares.size(), [&](size_t share, int worker) {
      CompactGradientView gradient;
      if (gradient_scale != nullptr) gradient = sums_.view(share, *gradient_scale);
      for (const size_t i : shares[share]) {
        check_interrupted();
        losses[i] = pass_of(worker).run(weights, batch[i], bar_labels(shape_, options_, batch[i]),
                                        gradient_scale ? &gradient : nullptr);
      }
    });
    if (gradient_scale != nullptr) sums_.add_to(parameters_, shares.size(), scales_, number_features_);
    LossSum sum;
    for (const LossSum& loss : losses) sum += loss;
    return sum;
  }

  CompactNetworkOptions options_;
  NetworkShape shape_;
  CompactParameters parameters_;
  std::vector<float> scales_;
  std::vector<float> number_features_;
  AlignedBuffer<float> smooth_tables_;
  std::vector<TrainedLayer<T>> layers_;
  LabelHead label_head_, number_head_;
  GradientSums sums_;
  TaskSize pass_size_;
  std::vector<std::unique_ptr<TaskPass<T>>> passes_;  // of each worker
};

}  // namespace

ModelConfig compact_config(const CompactSizes& sizes) {
  ModelConfig config;
  config.hidden_size = sizes.hidden_size;
  config.intermediate_size = sizes.intermediate_size;
  config.num_hidden_layers = sizes.num_hidden_layers;
  config.num_attention_heads = sizes.num_attention_heads;
  config.num_key_value_heads = sizes.num_key_value_heads;
  config.head_dim = sizes.hidden_size / std::max(sizes.num_attention_heads, 1);
  config.row_layers = sizes.row_layers;
  set_usual_tokens(sizes.version, config);
  return config;
}

std::unique_ptr<CompactModel> make_compact_model(const CompactNetworkOptions& options, const Weights* weights) {
  if (choose_dtype(options.dtype) == DType::kBFloat16)
    return std::make_unique<TrainedNetwork<BFloat16>>(options, weights);
  return std::make_unique<TrainedNetwork<float>>(options, weights);
}

}  // namespace manyshot::train
