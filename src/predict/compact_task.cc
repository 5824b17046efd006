#include "predict/compact_task.h"

#include "predict/ensemble_plan.h"

namespace manyshot {
namespace {

std::vector<uint32_t> count_classes(const PromptPlan& plan, const LabelledTable& shots) {
  plan.check_classes(shots);
  return shots.class_counts();
}

}  // namespace

CompactTask::CompactTask(const PromptPlan& plan, const LabelledTable& shots)
    : class_counts_(count_classes(plan, shots)),
      format_(make_compact_format(shots.features, shots.labels, plan.model.vocabulary)),
      notes_(format_->notes()) {
  const EnsembleShape shape = ensemble_shape(plan);
  views_ = make_views(shots.labels, shots.num_classes(), format_->relevance(), shape, Rng(plan.seed).child("ensemble"));
  describe_ensemble(shape, shots.labels.size(), format_->num_features(), notes_);
}

}  // namespace manyshot
