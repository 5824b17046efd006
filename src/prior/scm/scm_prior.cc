#include "prior/scm/scm_prior.h"

#include <algorithm>
#include <cmath>

#include "prior/task/classification.h"

namespace manyshot {
namespace {

constexpr IntRange kDefaultFeatures{5, 50};
// Hyper-parameters that give no valid table in so many attempts are drawn again; the published prior tries for ever.
constexpr uint64_t kMostAttempts = 2000;

}  // namespace

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

void draw_scm_task(ScmKind kind, const PriorSettings& settings, const Rng& rng, PriorScratch::Buffers& buffers,
                   Task& task, Notes* notes) {
  for (uint64_t restart = 0;; ++restart) {
    const Rng table = rng.child("table", restart);
    ScmShape shape;
    shape.num_rows = draw_num_rows(settings, table);
    Draws draws(table.child("shape"));
    const auto split = static_cast<size_t>(static_cast<double>(shape.num_rows) * draws.uniform(0.1, 0.9));
    const IntRange features = settings.features.value_or(kDefaultFeatures);
    // Rounded, so the ends have half the weight of the others.
    shape.num_features = static_cast<size_t>(
        std::llrint(draws.uniform(static_cast<double>(features.low), static_cast<double>(features.high))));
    const ScmHyperParameters hyper = draw_hyper_parameters(table.child("hyper-parameters"));
    const LabelRule rule = {draw_num_classes(settings, 0.5, table), hyper.labels_by_rank};

    for (uint64_t attempt = 0; attempt < kMostAttempts; ++attempt) {
      const Rng again = table.child("attempt", attempt);
      if (notes != nullptr) *notes = {};
      int num_classes = 0;
      RowOrder order;
      const auto accept = [&](const float* y) {
        num_classes = threshold_labels(y, shape.num_rows, rule, again.child("labels"), buffers.labels, notes);
        if (num_classes == 0) order.rejection = Rejection::kNotFinite;
        if (num_classes > 0) order = order_rows(buffers.labels, num_classes, split, again.child("rows"));
        return !order.rejection.has_value();
      };
      const Rng model = again.child("model");
      const ScmResult result = kind == ScmKind::kMlp ? draw_mlp_scm(hyper, shape, model, buffers.scm, accept, notes)
                                                     : draw_tree_scm(hyper, shape, model, buffers.scm, accept, notes);
      std::optional<Rejection> rejection = order.rejection;
      if (result == ScmResult::kNotFinite) rejection = Rejection::kNotFinite;
      if (!rejection) {
        std::vector<ColumnInfo> info(shape.num_features);
        if (notes != nullptr) notes->feature_rules.resize(shape.num_features);
        categorise_columns(buffers.scm.features, shape.num_features, again.child("categories"), info, notes);
        rejection = finish_columns(buffers.scm.features, info, order.order, again.child("columns"), task,
                                   /*clamp_levels=*/true, notes);
      }
      if (!rejection) {
        finish_labels(buffers.labels, num_classes, order.order, task);
        task.prior = kind == ScmKind::kMlp ? "mlp" : "tree";
        if (notes != nullptr) {
          notes->hyper_parameters = kind == ScmKind::kMlp ? mlp_parameters(hyper) : tree_parameters(hyper);
          notes->details["split"] = split;
          notes->details["classes_asked"] = rule.num_classes;
          notes->details["features_asked"] = shape.num_features;
          notes->details["restarts"] = restart;
        }
        return;
      }
      ++task.rejections[static_cast<size_t>(*rejection)];
    }
  }
}

}  // namespace manyshot
