// AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW computes it: decay of the weights first, bias-corrected
// moments, epsilon outside the root.
#pragma once

#include <vector>

#include "train/optimizer/optimizer.h"

namespace manyshot::train {

class AdamW : public Optimizer {
 public:
  AdamW(const OptimizerOptions& options, std::vector<Parameter> parameters);

  void step(double factor) override;
  std::vector<StateTensor> state() override;
  Json counters() const override { return {{"steps", steps_}}; }
  void set_counters(const Json& counters) override { steps_ = counters.at("steps").get<int64_t>(); }

 private:
  OptimizerOptions options_;
  std::vector<Parameter> parameters_;
  std::vector<std::vector<float>> means_, squares_;  // of the gradients
  int64_t steps_ = 0;
};

}  // namespace manyshot::train
