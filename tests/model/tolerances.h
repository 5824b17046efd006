// The one table of tolerances between engines: largest difference of log-probabilities, in nats.
#pragma once

namespace manyshot {

struct Tolerances {
  double float32;
  double bfloat16;
};

// The default weights against f32 logits of eager PyTorch (measured: 1e-5 and 0.015).
inline constexpr Tolerances kAgainstGolden{1e-3, 0.05};
// Random weights, fused against reference (measured at most: 3e-5 and 0.06).
inline constexpr Tolerances kAgainstReference{2e-4, 0.15};

}  // namespace manyshot
