// The random Fourier function of the MLP prior: g(x) = sum over 256 terms of a_i sin(f_i x + phase_i).
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

struct FourierTerms {
  std::vector<float> amplitudes;   // all of length 256
  std::vector<float> frequencies;  // radians per unit of x
  std::vector<float> phases;       // as fractions of a turn
  double exponent = 0;             // how amplitudes fall with frequency; negative
};
// f = 256 U(0,1), phase uniform, exponent e = -exp U(ln 0.7, ln 3), a_i = N(0,1) f_i^e / |f^e|.
FourierTerms draw_fourier_terms(Draws& draws);
// By the sum itself, in double; the twin of FourierTable.
double evaluate_fourier(const FourierTerms& terms, double x);

// g tabulated on a uniform grid over [low, high] and interpolated by cubics through four points: a value costs four
// products instead of 256 sines. The grid is as fine as the terms need for an error below 1e-3 of g's own size
// (measured: tests/prior/fourier_test.cc), and its values are one matrix product, by sin(a + b) = sin a cos b + cos a
// sin b with a from coarse and b from fine steps.
class FourierTable {
 public:
  void build(const FourierTerms& terms, float low, float high);
  // values[i] = g(factor * values[i]) for each. REQUIRES: factor * values in [low, high].
  void apply(float factor, float* values, size_t count) const;
  size_t size() const { return num_points_; }

 private:
  float low_ = 0;
  float steps_per_unit_ = 1;
  size_t num_points_ = 0;
  kernels::AlignedBuffer<float> coarse_, fine_, table_;
};

}  // namespace manyshot::prior
