#include "prior/effects/effects_prior.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "prior/effects/conditions.h"
#include "prior/effects/labels.h"
#include "prior/graph/converters.h"
#include "prior/task/classification.h"
#include "prior/task/number_target.h"
#include "prior/task/sizes.h"

namespace manyshot::prior {
namespace {

constexpr uint64_t kPatience = 8;  // draws until fewer classes are asked for

// One to three sets of columns that are missing in the same rows.
std::string remove_blocks(const Rng& rng, NodeMatrix& columns, std::vector<ColumnInfo>& info) {
  Draws draws(rng);
  const size_t num_rows = columns.num_rows(), num_columns = info.size();
  std::vector<size_t> all(num_columns);
  for (size_t column = 0; column < num_columns; ++column) all[column] = column;
  const auto num_blocks = static_cast<size_t>(draws.between(1, 3));
  std::string sizes;
  for (size_t block = 0; block < num_blocks; ++block) {
    const auto most = std::max<int64_t>(2, static_cast<int64_t>(num_columns / 2));
    const std::vector<size_t> chosen = choose_columns(all, static_cast<size_t>(draws.between(2, most)), draws);
    const double rate = draws.log_uniform(0.02, 0.5);
    const auto count = std::min(static_cast<size_t>(rate * static_cast<double>(num_rows)) + 1, num_rows - 2);
    const std::vector<uint32_t> rows =
        rng.child("rows", block).sample(static_cast<uint32_t>(num_rows), static_cast<uint32_t>(count));
    for (const size_t column : chosen) {
      for (const uint32_t row : rows) columns.node(column)[row] = std::numeric_limits<float>::quiet_NaN();
      info[column].missing = true;
    }
    sizes += fmt::format("{}{} columns in {} rows", block == 0 ? "" : ", ", chosen.size(), count);
  }
  return "blocks: " + sizes;
}

std::string remove_some(double probability, const Rng& rng, NodeMatrix& columns, std::vector<ColumnInfo>& info) {
  Draws draws(rng);
  if (!draws.chance(probability)) return "none";
  const uint64_t kind = draws.below(kNumMissingness + 1);
  if (kind == kNumMissingness) return remove_blocks(rng.child("blocks"), columns, info);
  CorrelatedDraws correlated(rng.child("cells"));
  return remove_cells(static_cast<Missingness>(kind), correlated, columns, info);
}

struct Shape {
  size_t num_rows = 0;
  size_t num_features = 0;
  int num_classes = 2;
  double missing = 0;
};

// Labels and the order of the rows; the reason when there are none.
std::optional<Rejection> draw_labels(const Shape& shape, const Rng& rng, EffectsBuffers& buffers, RowOrder& order,
                                     int& num_classes, Notes* notes) {
  Draws draws(rng.child("kind"));
  // Few rows behind the split may leave no place for all classes, so it is drawn again each time.
  const auto split = static_cast<size_t>(static_cast<double>(shape.num_rows) * draws.uniform(0.3, 0.9));
  const EffectLabels kind = draw_effect_labels(buffers.table, shape.num_classes, draws);
  if (!make_effect_labels(kind, buffers.table, shape.num_classes, rng.child("labels"), buffers.labels, notes))
    return Rejection::kNoSignal;
  num_classes = compact_labels(shape.num_classes, rng.child("label order"), buffers.labels);
  order = order_rows(buffers.labels, num_classes, split, rng.child("rows"));
  if (notes != nullptr) {
    notes->details["labels"] = name_of(kind);
    notes->details["split"] = split;
    notes->details["classes_asked"] = shape.num_classes;
  }
  return order.rejection;
}

std::optional<Rejection> draw_once(const Shape& shape, const Rng& rng, EffectsBuffers& buffers, Task& task,
                                   Notes* notes) {
  EffectTable& table = buffers.table;
  draw_effect_columns(shape.num_features, shape.num_rows, rng.child("columns"), table, notes);
  RowOrder order;
  int num_classes = 0;
  std::optional<Rejection> rejection;
  if (task.target_kind == TargetKind::kNumber) {
    std::optional<std::vector<float>> score = draw_score(table, rng.child("score"), notes);
    rejection = score ? make_number_target(*score, table.drivers, rng.child("target"), task, notes)
                      : std::optional(Rejection::kNoSignal);
  } else {
    rejection = draw_labels(shape, rng.child("target"), buffers, order, num_classes, notes);
  }
  if (rejection) return rejection;
  std::vector<ColumnInfo> info;
  for (const EffectColumn& column : table.columns) info.push_back(column.info);
  const std::string gaps = remove_some(shape.missing, rng.child("gaps"), table.values, info);
  if (notes != nullptr) {
    Json roles = Json::object();
    for (const EffectColumn& column : table.columns) {
      Json& count = roles[std::string(name_of(column.role))];
      count = count.is_null() ? 1 : count.get<int>() + 1;
    }
    notes->details["columns"] = roles;
    notes->details["missing"] = gaps;
  }
  rejection = finish_columns(table.values, info, order.order, rng.child("order"), task, /*clamp_levels=*/false, notes);
  if (!rejection && task.target_kind == TargetKind::kClass)
    finish_labels(buffers.labels, num_classes, order.order, task);
  return rejection;
}

}  // namespace

void draw_effects_task(const PriorSettings& settings, const Rng& rng, EffectsBuffers& buffers, Task& task,
                       Notes* notes) {
  Shape shape;
  shape.num_rows = draw_num_rows(settings, rng);
  shape.num_features = draw_num_features(PriorKind::kEffects, settings, shape.num_rows, rng);
  shape.missing = settings.missing;
  const int asked = draw_num_classes(PriorKind::kEffects, settings, rng);
  task.prior = name_of(PriorKind::kEffects);
  for (uint64_t attempt = 0;; ++attempt) {
    // With few rows of each class some class is never on both sides of a split.
    shape.num_classes = std::max(2, asked >> std::min<uint64_t>(attempt / kPatience, 16));
    if (notes != nullptr) *notes = {};
    const auto rejection = draw_once(shape, rng.child("attempt", attempt), buffers, task, notes);
    if (!rejection) return;
    ++task.rejections[static_cast<size_t>(*rejection)];
  }
}

}  // namespace manyshot::prior
