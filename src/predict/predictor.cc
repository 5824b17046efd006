#include "predict/predictor.h"

#include "model/model.h"
#include "predict/baselines.h"
#include "predict/in_context.h"
#include "predict/model_store.h"

namespace manyshot {

std::vector<uint32_t> LabelledTable::class_counts() const {
  std::vector<uint32_t> counts(classes.size());
  for (const int32_t label : labels) ++counts[label];
  return counts;
}

std::unique_ptr<Method> open_method(const std::string& name, const MethodOptions& options, uint64_t seed) {
  if (is_baseline(name)) return open_baseline(name, seed);
  const std::string folder = resolve_model(name, baseline_names());
  return std::make_unique<InContextMethod>(
      load_model(folder, {.dtype = options.dtype, .engine = options.engine, .adapter = options.adapter}), options,
      seed);
}

}  // namespace manyshot
