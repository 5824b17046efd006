#include "predict/baselines.h"

#include <algorithm>
#include <iterator>

#include "predict/forest.h"
#include "predict/knn.h"
#include "predict/majority.h"
#include "predict/xgboost.h"

namespace manyshot {
namespace {

using MethodPtr = std::unique_ptr<Method>;

struct Baseline {
  std::string_view name;
  MethodPtr (*open)(uint64_t seed);
};

constexpr Baseline kBaselines[] = {
    {"majority", [](uint64_t) -> MethodPtr { return std::make_unique<MajorityMethod>(); }},
    {"knn", [](uint64_t) -> MethodPtr { return std::make_unique<KnnMethod>(); }},
    {"forest", [](uint64_t seed) -> MethodPtr { return std::make_unique<ForestMethod>(seed); }},
    {"xgboost", [](uint64_t seed) -> MethodPtr { return std::make_unique<XgboostMethod>(seed); }},
};

const Baseline* find_baseline(std::string_view name) {
  const auto* found = std::ranges::find(kBaselines, name, &Baseline::name);
  return found == std::end(kBaselines) ? nullptr : found;
}

}  // namespace

const std::vector<std::string>& baseline_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Baseline& baseline : kBaselines) result.emplace_back(baseline.name);
    return result;
  }();
  return names;
}

bool is_baseline(std::string_view name) { return find_baseline(name) != nullptr; }

std::unique_ptr<Method> open_baseline(std::string_view name, uint64_t seed) { return find_baseline(name)->open(seed); }

}  // namespace manyshot
