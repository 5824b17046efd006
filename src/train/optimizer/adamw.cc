#include "train/optimizer/adamw.h"

#include <cmath>
#include <utility>

#include "train/optimizer/parameter_chunks.h"

namespace manyshot::train {

AdamW::AdamW(const OptimizerOptions& options, std::vector<Parameter> parameters)
    : options_(options), parameters_(std::move(parameters)) {
  for (const Parameter& parameter : parameters_) {
    means_.emplace_back(parameter.value.size());
    squares_.emplace_back(parameter.value.size());
  }
}

void AdamW::step(double factor) {
  ++steps_;
  const double rate = options_.learning_rate * factor;
  const auto steps = static_cast<double>(steps_);
  const auto beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const auto size = static_cast<float>(rate / (1 - std::pow(options_.beta1, steps)));
  const auto root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, steps)));
  const auto epsilon = static_cast<float>(options_.epsilon);
  for_chunks(parameters_, [&](size_t i, size_t first, size_t last) {
    const Parameter& parameter = parameters_[i];
    const bool decays = parameter.kind == ParameterKind::kMatrix;
    const auto kept = static_cast<float>(decays ? 1 - rate * options_.weight_decay : 1);
    float* value = parameter.value.data();
    const float* gradient = parameter.gradient.data();
    float *mean = means_[i].data(), *square = squares_[i].data();
    for (size_t k = first; k < last; ++k) {
      const float g = gradient[k];
      mean[k] = beta1 * mean[k] + (1 - beta1) * g;
      square[k] = beta2 * square[k] + (1 - beta2) * g * g;
      value[k] = kept * value[k] - size * mean[k] / (std::sqrt(square[k]) * root_correction + epsilon);
    }
  });
}

std::vector<StateTensor> AdamW::state() {
  std::vector<StateTensor> parts;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    parts.push_back({"mean." + parameters_[i].name, means_[i]});
    parts.push_back({"square." + parameters_[i].name, squares_[i]});
  }
  return parts;
}

}  // namespace manyshot::train
