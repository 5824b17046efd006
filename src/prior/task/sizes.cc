#include "prior/task/sizes.h"

#include <algorithm>
#include <cmath>

#include "prior/random/draws.h"

namespace manyshot {

size_t draw_num_rows(const PriorSettings& settings, const Rng& rng) {
  if (settings.rows.low == settings.rows.high) return static_cast<size_t>(settings.rows.low);
  Draws draws(rng.child("rows"));
  const double x =
      draws.log_uniform(static_cast<double>(settings.rows.low), static_cast<double>(settings.rows.high) + 1);
  return static_cast<size_t>(std::min(static_cast<int64_t>(x), settings.rows.high));
}

int draw_num_classes(const PriorSettings& settings, double default_binary, const Rng& rng) {
  Draws draws(rng.child("classes"));
  if (settings.classes.low == 2 && draws.chance(settings.binary.value_or(default_binary))) return 2;
  return static_cast<int>(draws.between(settings.classes.low, settings.classes.high));
}

size_t draw_num_features(const PriorSettings& settings, size_t num_rows, const Rng& rng) {
  Draws draws(rng.child("features"));
  if (settings.features) return static_cast<size_t>(draws.between(settings.features->low, settings.features->high));
  const double most = std::clamp(static_cast<double>(num_rows) / 25, 3.0, 40.0);
  return static_cast<size_t>(draws.log_uniform(2, std::floor(most) + 1));
}

}  // namespace manyshot
