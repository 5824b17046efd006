#include "predict/ensemble_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace manyshot {

EnsembleShape ensemble_shape(const PromptPlan& plan, int members) {
  return {.members = members,
          .max_rows = static_cast<size_t>(plan.model.max_shots),
          .max_features = static_cast<size_t>(plan.model.trained_features),
          .num_label_ids = static_cast<size_t>(plan.model.max_classes),
          .both_scales = !plan.model.vocabulary.cells};
}

void describe_members(const PromptPlan& plan, size_t num_rows, size_t num_features, std::vector<std::string>& notes) {
  if (plan.members) return;
  notes.push_back(fmt::format("an ensemble of {} members, for {} labelled rows of {} columns; --ensemble changes that",
                              plan.members_for(num_rows, num_features), num_rows, num_features));
}

void describe_ensemble(const EnsembleShape& shape, size_t num_rows, size_t num_features,
                       std::vector<std::string>& notes) {
  const std::string sees =
      shape.members == 1 ? "it sees" : fmt::format("each of the {} ensemble members sees", shape.members);
  if (num_rows > shape.max_rows) {
    notes.push_back(fmt::format("{} labelled rows, the model takes {} at a time: {} {} stratified subset", num_rows,
                                shape.max_rows, sees, shape.members == 1 ? "a" : "its own"));
  }
  const size_t dealt = shape.max_features - shape.max_features / 2;
  if (num_features > shape.max_features) {
    const size_t used = std::min(num_features, shape.max_features / 2 + dealt * static_cast<size_t>(shape.members));
    notes.push_back(
        fmt::format("{} columns, the model takes {} at a time: {} the {} that best tell the classes apart one by one, "
                    "and {} random others; {} columns in all{}",
                    num_features, shape.max_features, sees, shape.max_features / 2, dealt, used,
                    used < num_features ? "; a larger --ensemble uses more" : ""));
  }
}

}  // namespace manyshot
