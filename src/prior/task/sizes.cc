#include "prior/task/sizes.h"

#include <algorithm>

#include "prior/random/draws.h"

namespace manyshot::prior {
namespace {

bool is_scm(PriorKind kind) { return kind == PriorKind::kMlp || kind == PriorKind::kTree; }

}  // namespace

size_t draw_num_rows(const PriorSettings& settings, const Rng& rng) {
  if (settings.rows.low == settings.rows.high) return static_cast<size_t>(settings.rows.low);
  Draws draws(rng.child("rows"));
  const double x =
      draws.log_uniform(static_cast<double>(settings.rows.low), static_cast<double>(settings.rows.high) + 1);
  return static_cast<size_t>(std::min(static_cast<int64_t>(x), settings.rows.high));
}

int draw_num_classes(PriorKind kind, const PriorSettings& settings, const Rng& rng) {
  Draws draws(rng.child("classes"));
  if (settings.classes.low == 2 && draws.chance(settings.binary.value_or(is_scm(kind) ? 0.5 : 0.325))) return 2;
  return static_cast<int>(draws.between(settings.classes.low, settings.classes.high));
}

IntRange feature_range(PriorKind kind, const PriorSettings& settings, int64_t num_rows) {
  if (settings.features) return *settings.features;
  if (is_scm(kind)) return {5, 50};
  if (kind == PriorKind::kEffects) return {2, std::clamp<int64_t>(num_rows / 6, 3, 60)};
  return {2, std::clamp<int64_t>(num_rows / 25, 3, 40)};
}

int64_t most_features(const PriorSettings& settings) {
  int64_t most = 0;
  for (const PriorSettings::Part& part : settings.parts) {
    if (part.weight > 0) most = std::max(most, feature_range(part.kind, settings, settings.rows.high).high);
  }
  return most;
}

size_t draw_num_features(PriorKind kind, const PriorSettings& settings, size_t num_rows, const Rng& rng) {
  Draws draws(rng.child("features"));
  const IntRange range = feature_range(kind, settings, static_cast<int64_t>(num_rows));
  if (settings.features) return static_cast<size_t>(draws.between(range.low, range.high));
  return static_cast<size_t>(draws.log_uniform(static_cast<double>(range.low), static_cast<double>(range.high) + 1));
}

}  // namespace manyshot::prior
