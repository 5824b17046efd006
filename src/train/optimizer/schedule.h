// How the learning rate goes over a run.
#pragma once

#include <cstdint>

#include "train/optimizer_options.h"

namespace manyshot::train {

struct Schedule {
  ScheduleKind kind = ScheduleKind::kCosine;
  int64_t steps = 1;         // of the whole run
  int64_t warmup_steps = 0;  // over which the factor rises evenly to 1
  double final_fraction = 0;

  // The factor of step 0, 1, …: (step + 1) / warmup_steps during warm-up, then from 1 down to final_fraction at the
  // last step.
  double factor(int64_t step) const;
};

}  // namespace manyshot::train
