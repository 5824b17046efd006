#include "mcp/memory_desk.h"

#include "predict/predictor.h"

namespace manyshot::mcp {

std::shared_ptr<const Method> MemoryDesk::method_for(const memory::OutcomePredictorOptions& options) {
  if (!method_ || !(method_options_ == options)) {
    MethodOptions method;
    method.ensemble = options.ensemble;
    method_ = open_method(options.model.value_or("default"), method, options.seed);
    method_options_ = options;
  }
  return method_;
}

std::shared_ptr<const memory::OutcomePredictor> MemoryDesk::predictor(const std::string& collection,
                                                                      const memory::OutcomePredictorOptions& options) {
  const auto state = file_.state(collection);
  if (!state || state->count == 0) return nullptr;
  for (const Fitted& known : fitted_) {
    if (known.collection == collection && known.state == *state && known.options == options) return known.predictor;
  }
  const std::vector<memory::Experience> experiences = file_.all(collection);
  if (experiences.empty()) return nullptr;  // forgotten meanwhile
  const bool is_class = state->kind == memory::OutcomeKind::kClass;
  const bool needs_model = is_class && experiences.size() >= memory::kFewestForModel;
  auto predictor = std::make_shared<const memory::OutcomePredictor>(
      experiences, options, needs_model ? method_for(options) : nullptr, "collection \"" + collection + "\"");
  std::erase_if(fitted_, [&](const Fitted& known) {
    return known.collection == collection && known.options == options;  // of an earlier state
  });
  if (fitted_.size() == kKept) fitted_.pop_front();
  fitted_.push_back({collection, *state, options, predictor});
  return predictor;
}

}  // namespace manyshot::mcp
