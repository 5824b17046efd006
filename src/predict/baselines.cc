#include "predict/baselines.h"

#include "predict/baseline_list.h"
#include "predict/forest.h"
#include "predict/knn.h"
#include "predict/majority.h"
#include "predict/xgboost.h"

namespace manyshot {
namespace {

using MethodPtr = std::unique_ptr<Method>;

const BaselineList<Method>& all() {
  static const BaselineList<Method> list{
      {"majority", [](uint64_t) -> MethodPtr { return std::make_unique<MajorityMethod>(); }},
      {"knn", [](uint64_t) -> MethodPtr { return std::make_unique<KnnMethod>(); }},
      {"forest", [](uint64_t seed) -> MethodPtr { return std::make_unique<ForestMethod>(seed); }},
      {"xgboost", [](uint64_t seed) -> MethodPtr { return std::make_unique<XgboostMethod>(seed); }},
  };
  return list;
}

}  // namespace

const std::vector<std::string>& baseline_names() { return all().names(); }

bool is_baseline(std::string_view name) { return all().has(name); }

std::unique_ptr<Method> open_baseline(std::string_view name, uint64_t seed) { return all().open(name, seed); }

}  // namespace manyshot
