#include "train/optimizer/muon.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/parallel.h"
#include "model/dtype.h"

namespace manyshot::train {

using kernels::BFloat16;

Muon::Muon(const OptimizerOptions& options, std::vector<Parameter> parameters)
    : options_(options),
      is_bf16_(choose_dtype(options.dtype) == DType::kBFloat16),
      parameters_(std::move(parameters)),
      order_(parameters_.size()) {
  for (const Parameter& parameter : parameters_) momenta_.emplace_back(parameter.value.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](size_t a, size_t b) { return momenta_[a].size() > momenta_[b].size(); });
}

double muon_scale(MuonScale scale, size_t rows, size_t columns) {
  const auto larger = static_cast<double>(std::max(rows, columns));
  switch (scale) {
    case MuonScale::kAspect:
      return std::sqrt(std::max(1.0, static_cast<double>(rows) / static_cast<double>(columns)));
    case MuonScale::kWidth:
      return std::sqrt(larger);
    case MuonScale::kAdamSize:
      return 0.2 * std::sqrt(larger);
  }
  return 1;
}

void Muon::step(double factor) {
  scratch_.resize(static_cast<size_t>(num_threads()));
  parallel_for(order_.size(), [&](size_t place, int worker) {
    auto& scratch = scratch_[static_cast<size_t>(worker)];
    if (!scratch) {
      size_t tall = 0, wide = 0;
      for (const Parameter& parameter : parameters_) {
        tall = std::max({tall, parameter.shape[0], parameter.shape[1]});
        wide = std::max(wide, std::min(parameter.shape[0], parameter.shape[1]));
      }
      scratch = std::make_unique<Scratch>();
      if (is_bf16_) {
        scratch->rounded = NewtonSchulz<BFloat16>(tall, wide);
      } else {
        scratch->exact = NewtonSchulz<float>(tall, wide);
      }
      scratch->update.resize(momenta_[order_[0]].size());
    }
    update_matrix(order_[place], options_.learning_rate * factor, *scratch);
  });
}

void Muon::update_matrix(size_t i, double rate, Scratch& scratch) {
  const Parameter& parameter = parameters_[i];
  const size_t rows = parameter.shape[0], columns = parameter.shape[1], size = momenta_[i].size();
  const auto momentum = static_cast<float>(options_.momentum);
  float *mean = momenta_[i].data(), *update = scratch.update.data();
  const float* gradient = parameter.gradient.data();
  for (size_t k = 0; k < size; ++k) {
    mean[k] += (1 - momentum) * (gradient[k] - mean[k]);
    update[k] = gradient[k] + momentum * (mean[k] - gradient[k]);
  }
  if (is_bf16_) {
    scratch.rounded.orthogonalise(update, rows, columns, options_.newton_schulz_steps);
  } else {
    scratch.exact.orthogonalise(update, rows, columns, options_.newton_schulz_steps);
  }
  const auto kept = static_cast<float>(1 - rate * options_.weight_decay);
  const auto size_of_step = static_cast<float>(rate * muon_scale(options_.muon_scale, rows, columns));
  float* value = parameter.value.data();
  for (size_t k = 0; k < size; ++k) value[k] = kept * value[k] - size_of_step * update[k];
}

std::vector<StateTensor> Muon::state() {
  std::vector<StateTensor> parts;
  for (size_t i = 0; i < parameters_.size(); ++i) parts.push_back({"momentum." + parameters_[i].name, momenta_[i]});
  return parts;
}

}  // namespace manyshot::train
