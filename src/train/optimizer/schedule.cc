#include "train/optimizer/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace manyshot::train {

double Schedule::factor(int64_t step) const {
  if (step < warmup_steps) return static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  if (kind == ScheduleKind::kConstant) return 1;
  const int64_t falling = std::max<int64_t>(steps - 1 - warmup_steps, 1);
  const double progress = std::clamp(static_cast<double>(step - warmup_steps) / static_cast<double>(falling), 0.0, 1.0);
  const double shape = kind == ScheduleKind::kLinear ? 1 - progress : (1 + std::cos(std::numbers::pi * progress)) / 2;
  return final_fraction + (1 - final_fraction) * shape;
}

}  // namespace manyshot::train
