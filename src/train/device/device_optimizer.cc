#include "train/device/device_optimizer.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "train/optimizer/muon.h"
#include "train/optimizer/newton_schulz.h"
#include "train/optimizer/optimizer.h"

namespace manyshot::train {
namespace {

using at::Tensor;
using Tensors = std::vector<Tensor>;

// Some of the parameters, with what they are updated by.
struct Group {
  std::vector<std::string> names;
  std::vector<bool> is_matrix;
  Tensors values, gradients;

  size_t size() const { return names.size(); }
  Tensors zeros() const {
    Tensors tensors;
    for (const Tensor& value : values) tensors.push_back(at::zeros_like(value));
    return tensors;
  }
  Tensors matrices_of(const Tensors& tensors) const {
    Tensors chosen;
    for (size_t i = 0; i < size(); ++i) {
      if (is_matrix[i]) chosen.push_back(tensors[i]);
    }
    return chosen;
  }
};

// Those that `wanted` says.
template <class Wanted>
Group group_of(const DeviceNumbers& numbers, const Wanted& wanted) {
  Group group;
  for (size_t i = 0; i < numbers.list().size(); ++i) {
    const Parameter& parameter = numbers.list()[i];
    const bool is_matrix = parameter.kind == ParameterKind::kMatrix;
    if (!wanted(is_matrix)) continue;
    group.names.push_back(parameter.name);
    group.is_matrix.push_back(is_matrix);
    group.values.push_back(numbers.value(i));
    group.gradients.push_back(numbers.gradient(i));
  }
  return group;
}

// optimizer/adamw.cc
class DeviceAdamW : public DeviceOptimizer {
 public:
  DeviceAdamW(const OptimizerOptions& options, Group group)
      : options_(options), group_(std::move(group)), means_(group_.zeros()), squares_(group_.zeros()) {}

  void step(double factor) override {
    ++steps_;
    if (group_.size() == 0) return;  // of Muon: adapters have matrices alone
    const double rate = options_.learning_rate * factor;
    const auto steps = static_cast<double>(steps_);
    const double size = rate / (1 - std::pow(options_.beta1, steps));
    const double root_correction = 1 / std::sqrt(1 - std::pow(options_.beta2, steps));
    at::_foreach_mul_(means_, options_.beta1);
    at::_foreach_add_(means_, group_.gradients, 1 - options_.beta1);
    at::_foreach_mul_(squares_, options_.beta2);
    at::_foreach_addcmul_(squares_, group_.gradients, group_.gradients, 1 - options_.beta2);
    Tensors roots = at::_foreach_sqrt(squares_);
    at::_foreach_mul_(roots, root_correction);
    at::_foreach_add_(roots, options_.epsilon);
    Tensors decaying = group_.matrices_of(group_.values);
    if (!decaying.empty() && options_.weight_decay > 0) at::_foreach_mul_(decaying, 1 - rate * options_.weight_decay);
    at::_foreach_addcdiv_(group_.values, means_, roots, -size);
  }
  std::vector<NamedTensor> state() override {
    std::vector<NamedTensor> state;
    for (size_t i = 0; i < group_.size(); ++i) {
      state.push_back({"mean." + group_.names[i], means_[i]});
      state.push_back({"square." + group_.names[i], squares_[i]});
    }
    return state;
  }
  Json counters() const override { return {{"steps", steps_}}; }
  void set_counters(const Json& counters) override { steps_ = counters.at("steps").get<int64_t>(); }

 private:
  OptimizerOptions options_;
  Group group_;
  Tensors means_, squares_;
  int64_t steps_ = 0;
};

// optimizer/muon.cc; matrices of one shape are orthogonalised together, in f32.
class DeviceMuon : public DeviceOptimizer {
 public:
  DeviceMuon(const OptimizerOptions& options, DeviceNumbers& numbers)
      : options_(options),
        group_(group_of(numbers, [](bool is_matrix) { return is_matrix; })),
        momenta_(group_.zeros()),
        others_(vector_options(options), group_of(numbers, [](bool is_matrix) { return !is_matrix; })) {
    for (size_t i = 0; i < group_.size(); ++i) by_shape_[group_.values[i].sizes().vec()].push_back(i);
  }

  void step(double factor) override {
    const double rate = options_.learning_rate * factor;
    at::_foreach_lerp_(momenta_, group_.gradients, 1 - options_.momentum);
    const Tensors updates = at::_foreach_lerp(group_.gradients, momenta_, options_.momentum);
    if (options_.weight_decay > 0) at::_foreach_mul_(group_.values, 1 - rate * options_.weight_decay);
    for (const auto& [shape, members] : by_shape_) {
      Tensors of_shape, values;
      for (const size_t i : members) {
        of_shape.push_back(updates[i]);
        values.push_back(group_.values[i]);
      }
      const Tensor orthogonal = orthogonalise(at::stack(of_shape));
      const double scale =
          muon_scale(options_.muon_scale, static_cast<size_t>(shape[0]), static_cast<size_t>(shape[1]));
      at::_foreach_add_(values, orthogonal.unbind(0), -rate * scale);
    }
    others_.step(factor);
  }
  std::vector<NamedTensor> state() override {
    std::vector<NamedTensor> state;
    for (size_t i = 0; i < group_.size(); ++i) state.push_back({"momentum." + group_.names[i], momenta_[i]});
    for (NamedTensor& part : others_.state()) state.push_back(std::move(part));
    return state;
  }
  Json counters() const override { return others_.counters(); }
  void set_counters(const Json& counters) override { others_.set_counters(counters); }

 private:
  // Newton–Schulz (optimizer/newton_schulz.h) on matrices [n, rows, columns].
  Tensor orthogonalise(const Tensor& matrices) const {
    const bool is_wide = matrices.size(2) > matrices.size(1);
    Tensor x = is_wide ? matrices.transpose(1, 2) : matrices;
    x = x / (at::linalg_vector_norm(x, 2, {1, 2}, /*keepdim=*/true) + 1e-7);
    for (int i = 0; i < options_.newton_schulz_steps; ++i) {
      const Tensor gram = at::matmul(x.transpose(1, 2), x);
      const Tensor polynomial = at::baddbmm(gram, gram, gram, kNewtonSchulz.b, kNewtonSchulz.c);
      x = at::baddbmm(x, x, polynomial, kNewtonSchulz.a, 1);
    }
    return is_wide ? x.transpose(1, 2) : x;
  }

  OptimizerOptions options_;
  Group group_;
  Tensors momenta_;
  DeviceAdamW others_;
  std::map<std::vector<int64_t>, std::vector<size_t>> by_shape_;
};

// optimizer/schedule_free.cc
class DeviceScheduleFree : public DeviceOptimizer {
 public:
  DeviceScheduleFree(const OptimizerOptions& options, Group group)
      : options_(options), group_(std::move(group)), squares_(group_.zeros()) {
    for (const Tensor& value : group_.values) z_.push_back(value.clone());
  }

  void step(double factor) override {
    ++steps_;
    const double rate = options_.learning_rate * factor;
    largest_rate_ = std::max(largest_rate_, rate);
    const double weight = largest_rate_ * largest_rate_;
    weight_sum_ += weight;
    const double share = weight_sum_ > 0 ? weight / weight_sum_ : 0;
    const double correction = 1 / (1 - std::pow(options_.beta2, static_cast<double>(steps_)));
    at::_foreach_mul_(squares_, options_.beta2);
    at::_foreach_addcmul_(squares_, group_.gradients, group_.gradients, 1 - options_.beta2);
    Tensors roots = at::_foreach_mul(squares_, correction);
    at::_foreach_sqrt_(roots);
    at::_foreach_add_(roots, options_.epsilon);
    Tensors updates = at::_foreach_div(group_.gradients, roots);
    if (options_.weight_decay > 0) {
      Tensors decaying = group_.matrices_of(updates);
      if (!decaying.empty()) at::_foreach_add_(decaying, group_.matrices_of(group_.values), options_.weight_decay);
    }
    at::_foreach_lerp_(group_.values, z_, share);
    at::_foreach_add_(group_.values, updates, -rate * (1 - options_.beta1 * (1 - share)));
    at::_foreach_add_(z_, updates, -rate);
  }
  std::vector<NamedTensor> state() override {
    std::vector<NamedTensor> state;
    for (size_t i = 0; i < group_.size(); ++i) {
      state.push_back({"z." + group_.names[i], z_[i]});
      state.push_back({"square." + group_.names[i], squares_[i]});
    }
    return state;
  }
  Json counters() const override {
    return {{"steps", steps_}, {"largest_rate", largest_rate_}, {"weight_sum", weight_sum_}};
  }
  void set_counters(const Json& counters) override {
    steps_ = counters.at("steps").get<int64_t>();
    largest_rate_ = counters.at("largest_rate").get<double>();
    weight_sum_ = counters.at("weight_sum").get<double>();
  }
  bool has_average() const override { return true; }
  void swap_average() override {
    if (!kept_.empty()) {
      at::_foreach_copy_(group_.values, kept_);
      kept_.clear();
      return;
    }
    for (const Tensor& value : group_.values) kept_.push_back(value.clone());
    const Tensors average = at::_foreach_lerp(z_, group_.values, 1 / options_.beta1);
    at::_foreach_copy_(group_.values, average);
  }

 private:
  OptimizerOptions options_;
  Group group_;
  Tensors z_, squares_, kept_;
  int64_t steps_ = 0;
  double largest_rate_ = 0, weight_sum_ = 0;
};

}  // namespace

std::unique_ptr<DeviceOptimizer> make_device_optimizer(const OptimizerOptions& options, DeviceNumbers& numbers) {
  const auto all = [&] { return group_of(numbers, [](bool) { return true; }); };
  switch (options.kind) {
    case OptimizerKind::kAdamW:
      return std::make_unique<DeviceAdamW>(options, all());
    case OptimizerKind::kMuon:
      return std::make_unique<DeviceMuon>(options, numbers);
    case OptimizerKind::kScheduleFree:
      return std::make_unique<DeviceScheduleFree>(options, all());
  }
  fail(ErrorKind::kInternal, "optimizer kind {}", static_cast<int>(options.kind));
}

}  // namespace manyshot::train
