// The activation functions of the MLP prior (docs/prior.md), applied to whole columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/rng.h"
#include "prior/random/column_loops.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

// Also the order in which the peer's list has them; the names (activation_name) reach explanations.
enum class Activation : uint8_t {
  kTanh,
  kLeakyRelu,  // slope 0.01 below 0
  kElu,
  kIdentity,
  kSelu,
  kSilu,
  kRelu,
  kSoftplus,
  kRelu6,
  kHardTanh,
  kSign,  // 1 at 0
  kRbf,   // exp(-x^2)
  kExp,
  kSqrtAbs,
  kUnitBox,  // 1 where |x| <= 1
  kSine,
  kSquare,
  kAbs,
  kFourier,  // a random periodic function; fourier.h
};
inline constexpr size_t kNumSimpleActivations = 18;  // all but kFourier
inline constexpr size_t kNumFourierCopies = 10;
inline constexpr size_t kNumBaseActivations = kNumSimpleActivations + kNumFourierCopies;
inline constexpr size_t kNumActivationEntries = 2 * kNumBaseActivations;  // the second half: any base activation
std::string_view activation_name(Activation activation);
// The function as text, e.g. "tanh(z)".
std::string_view activation_formula(Activation activation);

// Weights of the entries for one table: softmax of 1 for the first and U(-5, 6) for the others (not normalised).
std::vector<double> draw_activation_weights(Draws& draws);

// One layer's activation: z = scale * (standardised x + bias), then the function.
struct LayerActivation {
  Activation function = Activation::kIdentity;
  float scale = 1;
  float bias = 0;
};
LayerActivation draw_activation(Draws& draws, const std::vector<double>& weights);

// out = function(scale * ((x - mean) / (deviation + 1e-6) + bias)) for one column, with the column's own moments.
// REQUIRES: not kFourier. out may be x. Returns the column's moments; when they are not finite, out is not written.
Moments activate_column(const LayerActivation& activation, const float* x, size_t count, float* out);

// The function alone. REQUIRES: not kFourier; finite values. out may be x.
void apply_activation(Activation activation, const float* x, size_t count, float* out);

}  // namespace manyshot::prior
