#include "predict/predictor.h"

#include "model/model.h"
#include "predict/forest.h"
#include "predict/in_context.h"
#include "predict/knn.h"
#include "predict/majority.h"
#include "predict/model_store.h"
#include "predict/xgboost.h"

namespace manyshot {

std::vector<uint32_t> LabelledTable::class_counts() const {
  std::vector<uint32_t> counts(classes.size());
  for (const int32_t label : labels) ++counts[label];
  return counts;
}

std::unique_ptr<Method> open_method(const std::string& name, const MethodOptions& options, uint64_t seed) {
  if (name == "majority") return std::make_unique<MajorityMethod>();
  if (name == "knn") return std::make_unique<KnnMethod>();
  if (name == "forest") return std::make_unique<ForestMethod>(seed);
  if (name == "xgboost") return std::make_unique<XgboostMethod>(seed);
  const std::string folder = resolve_model(name, {"majority", "knn", "forest", "xgboost"});
  return std::make_unique<InContextMethod>(
      load_model(folder, {.dtype = options.dtype, .engine = options.engine, .adapter = options.adapter}), options,
      seed);
}

}  // namespace manyshot
