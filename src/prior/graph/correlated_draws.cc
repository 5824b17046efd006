#include "prior/graph/correlated_draws.h"

#include <algorithm>
#include <cmath>

namespace manyshot::prior {

double CorrelatedDraws::unit(std::string_view name, bool boundary) {
  auto found = scalars_.find(name);
  if (found == scalars_.end()) {
    Draws draws(rng_.child(name));
    found = scalars_.emplace(std::string(name), Scalar{draws.uniform(), draws.log_uniform(0.1, 10'000)}).first;
  }
  const auto& [location, concentration] = found->second;
  const double least = 1e-9;
  const double u =
      plain_.beta(std::max(concentration * location, least), std::max(concentration * (1 - location), least));
  return boundary ? std::clamp(1.2 * u - 0.1, 0.0, 1.0) : u;
}

double CorrelatedDraws::number(std::string_view name, double low, double high, bool boundary) {
  return low + (high - low) * unit(name, boundary);
}

double CorrelatedDraws::log_number(std::string_view name, double low, double high, bool boundary) {
  return std::clamp(std::exp(std::log(low) + (std::log(high) - std::log(low)) * unit(name, boundary)), low, high);
}

int64_t CorrelatedDraws::integer(std::string_view name, int64_t low, int64_t high, bool boundary) {
  const double x = number(name, static_cast<double>(low), static_cast<double>(high + 1), boundary);
  return std::clamp(static_cast<int64_t>(std::floor(x)), low, high);
}

int64_t CorrelatedDraws::log_integer(std::string_view name, int64_t low, int64_t high) {
  const double x = log_number(name, static_cast<double>(low), static_cast<double>(high + 1));
  return std::clamp(static_cast<int64_t>(std::floor(x)), low, high);
}

std::vector<float> CorrelatedDraws::weights(size_t count) {
  const auto size = static_cast<double>(count);
  const double decay = log_number("weight decay", 0.1 / std::log(1 + size), 6, /*boundary=*/true);
  const double spread = log_number("weight spread", 1e-4, 10);
  std::vector<double> logs(count);
  for (size_t i = 0; i < count; ++i) logs[i] = -decay * std::log(static_cast<double>(i + 1)) + spread * plain_.normal();
  const double most = *std::max_element(logs.begin(), logs.end());
  double squares = 0;
  for (double& value : logs) {
    value = std::exp(value - most);
    squares += value * value;
  }
  std::vector<float> result(count);
  for (size_t i = 0; i < count; ++i) result[i] = static_cast<float>(logs[i] * std::sqrt(size / squares));
  for (size_t i = 0; i + 1 < count; ++i) std::swap(result[i], result[i + plain_.below(count - i)]);
  return result;
}

}  // namespace manyshot::prior
