// Scalar random draws in sequence, for the parts of a task that are decided one after the other in one function. A
// Draws belongs to one name (task, attempt, part), so what one part takes does not move what another gets.
#pragma once

#include <cstdint>
#include <span>

#include "core/rng.h"

namespace manyshot::prior {

class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}

  double uniform() { return rng_.uniform(next_++); }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  uint64_t below(uint64_t bound) { return rng_.below(next_++, bound); }  // 0..bound-1
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low + 1)));
  }
  bool chance(double probability) { return uniform() < probability; }
  double normal() { return rng_.normal(next_++); }
  double exponential() { return rng_.exponential(next_++); }  // mean 1
  double cauchy();
  double log_uniform(double low, double high);  // REQUIRES: 0 < low <= high
  double beta(double a, double b);              // REQUIRES: a, b > 0; small ones are fine
  // An index with probability proportional to its weight. REQUIRES: no negative weight, some positive.
  size_t weighted(std::span<const double> weights);

 private:
  double log_gamma_variate(double shape);  // the logarithm of a Gamma(shape, 1) draw
  Rng rng_;
  uint64_t next_ = 0;
};

// TNLog of docs/prior.md: mu = exp U(ln low_mean, ln high_mean), sigma = mu * exp U(ln 0.01, ln 1), then a normal draw
// truncated to [0, 1e6].
double truncated_normal_log(Draws& draws, double low_mean, double high_mean);
int64_t rounded_truncated_normal_log(Draws& draws, double low_mean, double high_mean, int64_t lower_bound);

// Choice of docs/prior.md: weight 1 for the first of `count` values, U(-3, 5) for the others, one draw from their
// softmax.
size_t meta_choice(Draws& draws, size_t count);

}  // namespace manyshot::prior
