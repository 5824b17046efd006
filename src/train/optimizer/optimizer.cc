#include "train/optimizer/optimizer.h"

#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "model/dtype.h"
#include "train/optimizer/adamw.h"
#include "train/optimizer/muon.h"
#include "train/optimizer/schedule_free.h"

namespace manyshot::train {
namespace {

// Muon for matrices beside AdamW for the rest.
class MuonAndAdamW : public Optimizer {
 public:
  MuonAndAdamW(const OptimizerOptions& options, std::span<Parameter> parameters)
      : muon_(options, of_kind(parameters, true)), adamw_(vector_options(options), of_kind(parameters, false)) {}

  void step(double factor) override {
    muon_.step(factor);
    adamw_.step(factor);
  }
  std::vector<StateTensor> state() override {
    std::vector<StateTensor> all = muon_.state();
    for (StateTensor& part : adamw_.state()) all.push_back(std::move(part));
    return all;
  }
  Json counters() const override { return adamw_.counters(); }
  void set_counters(const Json& counters) override { adamw_.set_counters(counters); }

 private:
  static std::vector<Parameter> of_kind(std::span<Parameter> parameters, bool matrices) {
    std::vector<Parameter> chosen;
    for (const Parameter& parameter : parameters) {
      if ((parameter.kind == ParameterKind::kMatrix) == matrices) chosen.push_back(parameter);
    }
    return chosen;
  }

  Muon muon_;
  AdamW adamw_;
};

}  // namespace

OptimizerOptions vector_options(OptimizerOptions options) {
  if (options.vector_learning_rate > 0) options.learning_rate = options.vector_learning_rate;
  return options;
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::span<Parameter> parameters) {
  const std::vector<Parameter> all(parameters.begin(), parameters.end());
  switch (options.kind) {
    case OptimizerKind::kAdamW:
      return std::make_unique<AdamW>(options, all);
    case OptimizerKind::kMuon:
      return std::make_unique<MuonAndAdamW>(options, parameters);
    case OptimizerKind::kScheduleFree:
      return std::make_unique<ScheduleFreeAdamW>(options, all);
  }
  fail(ErrorKind::kInternal, "optimizer kind {}", static_cast<int>(options.kind));
}

double gradient_norm(std::span<const Parameter> parameters) {
  std::vector<double> squares(parameters.size());
  parallel_for(parameters.size(), [&](size_t i, int) {
    double sum = 0;
    for (const float value : parameters[i].gradient) sum += static_cast<double>(value) * value;
    squares[i] = sum;
  });
  double sum = 0;
  for (const double square : squares) sum += square;
  return std::sqrt(sum);
}

double clip_gradients(std::span<Parameter> parameters, double max_norm) {
  const double norm = gradient_norm(parameters);
  if (!(max_norm > 0 && norm > max_norm)) return norm;
  const auto scale = static_cast<float>(max_norm / norm);
  parallel_for(parameters.size(), [&](size_t i, int) {
    for (float& value : parameters[i].gradient) value *= scale;
  });
  return norm;
}

}  // namespace manyshot::train
