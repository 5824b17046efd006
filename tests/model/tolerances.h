// The one table of tolerances between engines: largest difference of log-probabilities, in nats.
#pragma once

namespace manyshot {

struct Tolerances {
  double float32;
  double bfloat16;
};

// The default weights against f32 logits of eager PyTorch (measured: 1e-5 and 0.015).
inline constexpr Tolerances kAgainstGolden{1e-3, 0.05};
// Random weights, fused against reference (measured: 9e-6 and 0.05).
inline constexpr Tolerances kAgainstReference{1e-4, 0.15};

// Language models with random weights against their definition in double (measured: 4e-5 and 0.17; most of the float32
// difference are rotary angles, rounded as transformers does).
inline constexpr Tolerances kLanguageAgainstDefinition{1e-4, 0.3};
// Tiny random language models against transformers in float32 (measured: 1e-5 and 0.11).
inline constexpr Tolerances kLanguageAgainstTransformers{1e-4, 0.3};

// One compact layer with random weights of deviation 1, training against inference: largest difference of its outputs.
inline constexpr Tolerances kTrainingAgainstInference{1e-5, 0.1};

}  // namespace manyshot
