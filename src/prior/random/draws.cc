#include "prior/random/draws.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace manyshot::prior {

double Draws::cauchy() { return std::tan(std::numbers::pi * (uniform() - 0.5)); }

double Draws::log_uniform(double low, double high) { return std::exp(uniform(std::log(low), std::log(high))); }

// Marsaglia and Tsang 2000, "A simple method for generating gamma variables"; below 1, G(a) = G(a + 1) U^(1/a), in
// logarithms because that underflows.
double Draws::log_gamma_variate(double shape) {
  double boost = 0;
  if (shape < 1) {
    boost = -exponential() / shape;
    shape += 1;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double base = 1 + c * x;
    if (base <= 0) continue;
    const double v = base * base * base;
    if (-exponential() < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v) + boost;
  }
}

double Draws::beta(double a, double b) {
  const double log_a = log_gamma_variate(a);
  const double log_b = log_gamma_variate(b);
  return 1 / (1 + std::exp(log_b - log_a));
}

size_t Draws::weighted(std::span<const double> weights) {
  double total = 0;
  for (const double weight : weights) total += weight;
  double left = uniform() * total;
  size_t last = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}

double truncated_normal_log(Draws& draws, double low_mean, double high_mean) {
  const double mean = draws.log_uniform(low_mean, high_mean);
  const double deviation = mean * draws.log_uniform(0.01, 1);
  for (;;) {
    const double x = mean + deviation * draws.normal();
    if (x >= 0 && x <= 1e6) return x;
  }
}

int64_t rounded_truncated_normal_log(Draws& draws, double low_mean, double high_mean, int64_t lower_bound) {
  return lower_bound + std::llrint(truncated_normal_log(draws, low_mean, high_mean));
}

size_t meta_choice(Draws& draws, size_t count) {
  std::array<double, 8> weights{};
  assert(count <= weights.size());
  weights[0] = std::exp(1.0);
  for (size_t i = 1; i < count; ++i) weights[i] = std::exp(draws.uniform(-3, 5));
  return draws.weighted(std::span(weights).first(count));
}

}  // namespace manyshot::prior
