#include "prior/scm/scm_prior.h"

#include <cmath>

#include "prior/task/classification.h"
#include "prior/task/number_target.h"
#include "prior/task/sizes.h"

namespace manyshot::prior {
namespace {

// Hyper-parameters that give no valid table in so many attempts are drawn again; the published prior tries for ever.
constexpr uint64_t kMostAttempts = 2000;

}  // namespace

void draw_scm_task(PriorKind kind, const PriorSettings& settings, const Rng& rng, ScmBuffers& buffers,
                   std::vector<int32_t>& labels, Task& task, Notes* notes) {
  for (uint64_t restart = 0;; ++restart) {
    const Rng table = rng.child("table", restart);
    ScmShape shape;
    shape.num_rows = draw_num_rows(settings, table);
    Draws draws(table.child("shape"));
    const auto split = static_cast<size_t>(static_cast<double>(shape.num_rows) * draws.uniform(0.1, 0.9));
    const IntRange features = feature_range(kind, settings, static_cast<int64_t>(shape.num_rows));
    // Rounded, so the ends have half the weight of the others.
    shape.num_features = static_cast<size_t>(
        std::llrint(draws.uniform(static_cast<double>(features.low), static_cast<double>(features.high))));
    const ScmHyperParameters hyper = draw_hyper_parameters(table.child("hyper-parameters"));
    const LabelRule rule = {draw_num_classes(kind, settings, table), hyper.labels_by_rank};

    for (uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
      const Rng again = table.child("attempt", attempt);
      if (notes != nullptr) *notes = {};
      int num_classes = 0;
      RowOrder order;
      std::vector<float> score;
      const auto accept = [&](const float* y) {
        if (task.target_kind == TargetKind::kNumber) {
          score.assign(y, y + shape.num_rows);
          return true;
        }
        num_classes = threshold_labels(y, shape.num_rows, rule, again.child("labels"), labels, notes);
        if (num_classes == 0) order.rejection = Rejection::kNotFinite;
        if (num_classes > 0) order = order_rows(labels, num_classes, split, again.child("rows"));
        return !order.rejection.has_value();
      };
      const Rng model = again.child("model");
      const ScmResult result = kind == PriorKind::kMlp ? draw_mlp_scm(hyper, shape, model, buffers, accept, notes)
                                                       : draw_tree_scm(hyper, shape, model, buffers, accept, notes);
      std::optional<Rejection> rejection = order.rejection;
      if (result == ScmResult::kNotFinite) rejection = Rejection::kNotFinite;
      if (!rejection && task.target_kind == TargetKind::kNumber)
        rejection = make_number_target(score, buffers.features, again.child("labels"), task, notes);
      if (!rejection) {
        std::vector<ColumnInfo> info(shape.num_features);
        if (notes != nullptr) notes->feature_rules.resize(shape.num_features);
        categorise_columns(buffers.features, shape.num_features, again.child("categories"), info, notes);
        rejection = finish_columns(buffers.features, info, order.order, again.child("columns"), task,
                                   /*clamp_levels=*/true, notes);
      }
      if (!rejection) {
        if (task.target_kind == TargetKind::kClass) finish_labels(labels, num_classes, order.order, task);
        task.prior = name_of(kind);
        if (notes != nullptr) {
          notes->hyper_parameters = kind == PriorKind::kMlp ? mlp_parameters(hyper) : tree_parameters(hyper);
          notes->details["split"] = split;
          if (task.target_kind == TargetKind::kClass) notes->details["classes_asked"] = rule.num_classes;
          notes->details["features_asked"] = shape.num_features;
          notes->details["restarts"] = restart;
        }
        return;
      }
      ++task.rejections[static_cast<size_t>(*rejection)];
    }
  }
}

}  // namespace manyshot::prior
