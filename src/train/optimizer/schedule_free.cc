#include "train/optimizer/schedule_free.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/optimizer/parameter_chunks.h"

namespace manyshot::train {

ScheduleFreeAdamW::ScheduleFreeAdamW(const OptimizerOptions& options, std::vector<Parameter> parameters)
    : options_(options), parameters_(std::move(parameters)) {
  for (const Parameter& parameter : parameters_) {
    z_.emplace_back(parameter.value.begin(), parameter.value.end());
    squares_.emplace_back(parameter.value.size());
  }
}

void ScheduleFreeAdamW::step(double factor) {
  ++steps_;
  const double rate = options_.learning_rate * factor;
  largest_rate_ = std::max(largest_rate_, rate);
  const double weight = largest_rate_ * largest_rate_;
  weight_sum_ += weight;
  const double share = weight_sum_ > 0 ? weight / weight_sum_ : 0;  // of the newest z in x
  const auto pull = static_cast<float>(share);
  const auto y_step = static_cast<float>(rate * (1 - options_.beta1 * (1 - share)));
  const auto z_step = static_cast<float>(rate), beta2 = static_cast<float>(options_.beta2);
  const auto correction = static_cast<float>(1 / (1 - std::pow(options_.beta2, static_cast<double>(steps_))));
  const auto epsilon = static_cast<float>(options_.epsilon);
  for_chunks(parameters_, [&](size_t i, size_t first, size_t last) {
    const Parameter& parameter = parameters_[i];
    const auto decay = static_cast<float>(parameter.kind == ParameterKind::kMatrix ? options_.weight_decay : 0);
    float *y = parameter.value.data(), *z = z_[i].data(), *square = squares_[i].data();
    const float* gradient = parameter.gradient.data();
    for (size_t k = first; k < last; ++k) {
      const float g = gradient[k];
      square[k] = beta2 * square[k] + (1 - beta2) * g * g;
      const float update = g / (std::sqrt(square[k] * correction) + epsilon) + decay * y[k];
      y[k] += pull * (z[k] - y[k]) - y_step * update;
      z[k] -= z_step * update;
    }
  });
}

std::vector<StateTensor> ScheduleFreeAdamW::state() {
  std::vector<StateTensor> parts;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    parts.push_back({"z." + parameters_[i].name, z_[i]});
    parts.push_back({"square." + parameters_[i].name, squares_[i]});
  }
  return parts;
}

Json ScheduleFreeAdamW::counters() const {
  return {{"steps", steps_}, {"largest_rate", largest_rate_}, {"weight_sum", weight_sum_}};
}

void ScheduleFreeAdamW::set_counters(const Json& counters) {
  steps_ = counters.at("steps").get<int64_t>();
  largest_rate_ = counters.at("largest_rate").get<double>();
  weight_sum_ = counters.at("weight_sum").get<double>();
}

// y = (1 - beta1) z + beta1 x, so x = z + (y - z) / beta1.
void ScheduleFreeAdamW::swap_average() {
  if (!kept_.empty()) {
    for (size_t i = 0; i < parameters_.size(); ++i)
      std::copy(kept_[i].begin(), kept_[i].end(), parameters_[i].value.begin());
    kept_.clear();
    return;
  }
  const auto scale = static_cast<float>(1 / options_.beta1);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const std::span<float> value = parameters_[i].value;
    kept_.emplace_back(value.begin(), value.end());
    for (size_t k = 0; k < value.size(); ++k) value[k] = z_[i][k] + scale * (value[k] - z_[i][k]);
  }
}

}  // namespace manyshot::train
