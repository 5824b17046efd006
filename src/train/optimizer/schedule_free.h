// Schedule-free AdamW (Defazio et al. 2024, arXiv 2405.15682, with their implementation's weights): the masters are y,
// where gradients are taken, between z, which takes the steps, and x, the average of z that is evaluated and kept.
#pragma once

#include <vector>

#include "train/optimizer/optimizer.h"

namespace manyshot::train {

class ScheduleFreeAdamW : public Optimizer {
 public:
  ScheduleFreeAdamW(const OptimizerOptions& options, std::vector<Parameter> parameters);

  // `factor` is for warm-up; steps weigh in the average as the square of the largest rate so far.
  void step(double factor) override;
  std::vector<StateTensor> state() override;
  Json counters() const override;
  void set_counters(const Json& counters) override;
  bool has_average() const override { return true; }
  void swap_average() override;

 private:
  OptimizerOptions options_;
  std::vector<Parameter> parameters_;
  std::vector<std::vector<float>> z_, squares_;
  std::vector<std::vector<float>> kept_;  // y while the masters hold x, else empty
  int64_t steps_ = 0;
  double largest_rate_ = 0, weight_sum_ = 0;
};

}  // namespace manyshot::train
