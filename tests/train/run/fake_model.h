// The smallest model that learns: the label of a row from nothing but its column count, for tests of the loop.
#pragma once

#include <unistd.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/files.h"
#include "train/compact/compact_model.h"
#include "train/models/run_model.h"

namespace manyshot::train {

// p(label of a row | number of columns) as a softmax over a table [8, 10]. Sums go in sample order.
class FakeNetwork : public TrainableModel {
 public:
  static constexpr size_t kKinds = 8, kLabels = 10;

  FakeNetwork() : values_(kKinds * kLabels), gradients_(values_.size()) {
    parameters_ = {{.name = "table", .shape = {kKinds, kLabels}, .value = values_, .gradient = gradients_}};
  }
  std::span<Parameter> parameters() override { return parameters_; }
  void parameters_changed() override {}
  size_t peak_bytes(const BatchShape& shape) const override { return peak_bytes_per_sample * shape.num_samples; }
  LossSum accumulate(std::span<const TrainSample> batch, float scale, uint64_t) override {
    ++steps;
    if (steps == dies_at) _exit(1);
    if (steps == nan_at) values_.assign(values_.size(), std::numeric_limits<float>::quiet_NaN());
    return run(batch, scale, /*has_gradient=*/true);
  }
  LossSum loss(std::span<const TrainSample> batch) override { return run(batch, 1, false); }

  size_t peak_bytes_per_sample = 1000;
  int steps = 0, nan_at = -1, dies_at = -1;

 private:
  LossSum run(std::span<const TrainSample> batch, float scale, bool has_gradient) {
    LossSum sum;
    for (const TrainSample& sample : batch) {
      const size_t kind = sample.num_features % kKinds;
      for (size_t row = 0; row < sample.num_rows(); ++row) {
        const auto label = static_cast<size_t>(sample.tokens[(row + 1) * sample.row_tokens() - 1] - 1000);
        double total = 0, best = -1e30;
        size_t likeliest = 0;
        for (size_t k = 0; k < kLabels; ++k) {
          const double logit = values_[kind * kLabels + k];
          total += std::exp(logit);
          if (logit > best) likeliest = k, best = logit;
        }
        sum.loss += std::log(total) - static_cast<double>(values_[kind * kLabels + label]);
        sum.weight += 1;
        sum.correct += likeliest == label;
        for (size_t k = 0; has_gradient && k < kLabels; ++k) {
          const double p = std::exp(static_cast<double>(values_[kind * kLabels + k])) / total;
          gradients_[kind * kLabels + k] += scale * static_cast<float>(p - (k == label ? 1 : 0));
        }
      }
      sum.tokens += sample.tokens.size();
    }
    sum.flops = 1e6;
    return sum;
  }

  std::vector<float> values_, gradients_;
  std::vector<Parameter> parameters_;
};

class FakeModel : public RunModel {
 public:
  TrainableModel& network() override { return network_; }
  FakeNetwork& network_for_tests() { return network_; }
  const ModelConfig* compact_config() const override { return &config_; }
  uint64_t vocab_size() const override { return 1075; }
  void write_weights(const std::string& folder) override {
    std::string text;
    for (const float value : network_.parameters().front().value) text += std::to_string(value) + "\n";
    write_file(folder + "/weights.txt", text);
  }
  std::string description() const override { return "fake"; }

 private:
  ModelConfig config_ = train::compact_config({});
  FakeNetwork network_;
};

}  // namespace manyshot::train
