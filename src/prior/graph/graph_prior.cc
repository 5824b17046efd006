#include "prior/graph/graph_prior.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "prior/graph/dag.h"
#include "prior/random/column_loops.h"
#include "prior/task/classification.h"
#include "prior/task/number_target.h"
#include "prior/task/sizes.h"

namespace manyshot::prior {
namespace {

constexpr double kFamilyWeights[kNumGraphFamilies] = {0.4, 0.15, 0.15, 0.15, 0.15};

struct GraphShape {
  size_t num_rows = 0;
  size_t num_features = 0;
  int num_classes = 2;
  size_t split = 0;
  TargetKind target = TargetKind::kClass;
};

// Nodes of the graph and what stands on them: columns 0..F-1, and the label as column F.
struct Placement {
  GraphFamily family = GraphFamily::kCauchy;
  Dag dag;
  std::vector<uint32_t> node_of;  // [F + 1]
};

enum class ExtraKind { kNone, kCopy, kInteraction, kShuffled, kNoise };

class GraphTask {
 public:
  GraphTask(const GraphShape& shape, double missing, const Rng& rng, GraphBuffers& buffers, Notes* notes)
      : shape_(shape), missing_(missing), rng_(rng), draws_(rng.child("values")), buffers_(buffers), notes_(notes) {}

  std::optional<Rejection> draw(std::vector<int32_t>& labels, Task& task) {
    uint32_t redone = 0;
    while (!place(redone)) ++redone;
    task.rejections[static_cast<size_t>(Rejection::kNoSignal)] += redone;
    draw_converters();
    if (notes_ != nullptr) {
      notes_->details["family"] = name_of(placement_.family);
      notes_->details["num_nodes"] = placement_.dag.num_nodes();
      notes_->feature_sources.assign(shape_.num_features, "");
      notes_->feature_rules.assign(shape_.num_features, "");
    }
    buffers_.columns.reshape(shape_.num_features, shape_.num_rows);
    info_.assign(shape_.num_features, {});
    label_values_.clear();
    const std::vector<uint8_t> needed = ancestors_or_self(placement_.dag, placement_.node_of);
    buffers_.nodes.resize(std::max(buffers_.nodes.size(), placement_.dag.num_nodes()));
    for (uint32_t node = 0; node < placement_.dag.num_nodes(); ++node) {
      if (needed[node] && !compute(node)) return Rejection::kNotFinite;
    }
    int num_classes = 0;
    RowOrder order;
    if (!is_number()) {
      for (const float value : label_values_) {
        if (!(value >= 0)) return Rejection::kNotFinite;
      }
      labels.assign(label_values_.begin(), label_values_.end());
      num_classes = compact_labels(shape_.num_classes, rng_.child("label order"), labels);
      order = order_rows(labels, num_classes, shape_.split, rng_.child("rows"));
      if (order.rejection) return order.rejection;
    }
    make_extras();
    if (is_number()) {
      const auto refused = make_number_target(label_values_, buffers_.columns, rng_.child("target"), task, notes_);
      if (refused) return refused;
    }
    std::string gaps;
    if (draws_.plain().chance(missing_)) {
      const auto kind = static_cast<Missingness>(draws_.plain().below(kNumMissingness));
      gaps = remove_cells(kind, draws_, buffers_.columns, info_);
    }
    if (notes_ != nullptr) notes_->details["missing"] = gaps.empty() ? "none" : gaps;
    const auto rejection = finish_columns(buffers_.columns, info_, order.order, rng_.child("columns"), task,
                                          /*clamp_levels=*/false, notes_);
    if (!rejection && !is_number()) finish_labels(labels, num_classes, order.order, task);
    return rejection;
  }

 private:
  bool is_number() const { return shape_.target == TargetKind::kNumber; }
  bool is_label(size_t column) const { return column == shape_.num_features; }

  // A graph with the columns on it. False when the label shares no ancestor with any column.
  bool place(uint32_t attempt) {
    Draws draws(rng_.child("graph", attempt));
    const std::vector<double> weights(std::begin(kFamilyWeights), std::end(kFamilyWeights));
    placement_.family = static_cast<GraphFamily>(draws.weighted(weights));
    const bool small = draws.chance(2.0 / 3);
    const auto num_nodes = small ? static_cast<size_t>(draws.between(3, 8))
                                 : static_cast<size_t>(std::min(32.0, std::floor(draws.log_uniform(2, 33))));
    placement_.dag = draw_dag(placement_.family, num_nodes, draws);
    uint64_t subset = 0;
    const auto eligible = [&] {
      const auto count = static_cast<uint32_t>(draws.between(1, static_cast<int64_t>(num_nodes)));
      return rng_.child("graph", attempt).child("eligible", subset++).sample(static_cast<uint32_t>(num_nodes), count);
    };
    const std::vector<uint32_t> for_columns = eligible(), for_label = eligible();
    placement_.node_of.clear();
    for (size_t column = 0; column < shape_.num_features; ++column)
      placement_.node_of.push_back(for_columns[draws.below(for_columns.size())]);
    const uint32_t label_node = for_label[draws.below(for_label.size())];
    const std::vector<uint8_t> of_columns = ancestors_or_self(placement_.dag, placement_.node_of);
    const std::vector<uint8_t> of_label = ancestors_or_self(placement_.dag, {label_node});
    placement_.node_of.push_back(label_node);
    for (size_t node = 0; node < num_nodes; ++node) {
      if (of_columns[node] && of_label[node]) return true;
    }
    return false;
  }

  void draw_converters() {
    Draws& plain = draws_.plain();
    const size_t num_features = shape_.num_features;
    const double share = std::clamp(plain.uniform(-0.5, 1.2), 0.0, 1.0);
    const auto num_categorical = static_cast<size_t>(std::lrint(share * static_cast<double>(num_features)));
    // One task in ten has columns of many levels.
    const int64_t most_levels =
        plain.chance(0.1) ? draws_.log_integer("many levels", 10, 30) : draws_.log_integer("most levels", 2, 9);
    const double u = std::clamp(1.2 * plain.uniform() - 0.1, 0.0, 1.0);
    const auto num_local = static_cast<size_t>(std::lrint(u * static_cast<double>(num_categorical)));
    converters_.clear();
    for (size_t column = 0; column < num_features; ++column) {
      if (column >= num_categorical) {
        converters_.push_back(draw_numeric_converter(draws_));
        continue;
      }
      const int64_t levels =
          column < num_local
              ? std::min(most_levels, static_cast<int64_t>(plain.log_uniform(2, static_cast<double>(most_levels) + 1)))
              : draws_.log_integer("levels", 2, most_levels);
      converters_.push_back(
          draw_level_converter(draw_level_rule(/*is_label=*/false, plain), static_cast<int>(levels), draws_));
    }
    if (is_number()) {
      // The node's value as it is, or warped; other marginals come with the target's shape.
      converters_.push_back({.marginal = plain.chance(0.5) ? Marginal::kIdentity : Marginal::kKumaraswamy});
      return;
    }
    converters_.push_back(draw_level_converter(draw_level_rule(/*is_label=*/true, plain), shape_.num_classes, draws_));
  }

  static std::string id(uint32_t node) { return fmt::format("n{}", node); }

  bool compute(uint32_t node) {
    std::vector<size_t> here;
    size_t asked = 0;
    for (size_t column = 0; column <= shape_.num_features; ++column) {
      if (placement_.node_of[column] != node) continue;
      here.push_back(column);
      asked += converters_[column].num_dimensions;
    }
    const size_t num_rows = shape_.num_rows;
    const size_t num_dimensions = asked + static_cast<size_t>(draws_.log_integer("latent dimensions", 1, 31));
    NodeMatrix& values = buffers_.nodes[node];
    std::string equation = fill(node, num_dimensions, values);

    // Dimensions of different importance, rows of length 1 on average.
    std::vector<float> weights = draws_.weights(num_dimensions);
    double squares = 0;
    for (size_t k = 0; k < num_dimensions; ++k) {
      const Moments moments = column_moments(values.node(k), num_rows);
      if (!std::isfinite(moments.mean) || !std::isfinite(moments.deviation)) return false;
      const float factor = weights[k] / (moments.deviation + 1e-4f);
      for (size_t row = 0; row < num_rows; ++row) values.node(k)[row] = (values.node(k)[row] - moments.mean) * factor;
      const double spread = static_cast<double>(moments.deviation) * factor;
      squares += spread * spread;
    }
    const auto length = static_cast<float>(1 / std::sqrt(std::max(squares, 1e-20)));
    for (size_t k = 0; k < num_dimensions; ++k) scale(values.node(k), length);

    size_t first = 0;
    for (const size_t column : here) {
      const Converter& converter = converters_[column];
      NodeMatrix& slice = buffers_.slice;
      slice.reshape(converter.num_dimensions, num_rows);
      for (size_t k = 0; k < converter.num_dimensions; ++k)
        std::copy_n(values.node(first + k), num_rows, slice.node(k));
      ColumnInfo info;
      std::string rule;
      buffers_.converters.convert(converter, draws_, slice, buffers_.values, info, notes_ != nullptr ? &rule : nullptr);
      for (size_t k = 0; k < converter.num_dimensions; ++k)
        std::copy_n(slice.node(k), num_rows, values.node(first + k));
      rule = converter.num_dimensions == 1
                 ? fmt::format("dimension {}, {}", first, rule)
                 : fmt::format("dimensions {} to {}, {}", first, first + converter.num_dimensions - 1, rule);
      first += converter.num_dimensions;
      if (is_label(column)) {
        label_values_ = buffers_.values;
        if (notes_ != nullptr) notes_->label_source = id(node), notes_->label_rule = rule;
      } else {
        std::copy(buffers_.values.begin(), buffers_.values.end(), buffers_.columns.node(column));
        info_[column] = info;
        if (notes_ != nullptr) notes_->feature_sources[column] = id(node), notes_->feature_rules[column] = rule;
      }
    }
    const auto importance = static_cast<float>(draws_.log_number("node importance", 0.1, 10));
    for (size_t k = 0; k < num_dimensions; ++k) scale(values.node(k), importance);
    if (notes_ != nullptr) {
      const bool root = placement_.dag.parents[node].empty();
      notes_->add_node(id(node),
                       root           ? "root"
                       : here.empty() ? "latent"
                                      : "hidden",
                       fmt::format("{} [{} dimensions, {} read] = {}", id(node), num_dimensions, asked, equation));
      for (const uint32_t parent : placement_.dag.parents[node]) notes_->add_edge(id(parent), id(node));
    }
    return true;
  }

  void scale(float* x, float factor) const {
    for (size_t row = 0; row < shape_.num_rows; ++row) x[row] *= factor;
  }

  // The node's values before they are standardised; returns the equation's right-hand side.
  std::string fill(uint32_t node, size_t num_dimensions, NodeMatrix& values) {
    const auto& parents = placement_.dag.parents[node];
    std::string text;
    std::string* words = notes_ != nullptr ? &text : nullptr;
    if (parents.empty()) {
      buffers_.functions.points(draws_, shape_.num_rows, num_dimensions, values, words);
      return text;
    }
    if (parents.size() == 1 || draws_.plain().chance(0.5)) {
      size_t total = 0;
      std::string names;
      for (const uint32_t parent : parents) {
        total += buffers_.nodes[parent].num_nodes();
        names += (names.empty() ? "" : ", ") + id(parent);
      }
      NodeMatrix& joined = buffers_.joined;
      joined.reshape(total, shape_.num_rows);
      size_t to = 0;
      for (const uint32_t parent : parents) {
        const NodeMatrix& from = buffers_.nodes[parent];
        for (size_t k = 0; k < from.num_nodes(); ++k) std::copy_n(from.node(k), shape_.num_rows, joined.node(to++));
      }
      buffers_.functions.apply_any(draws_, joined, num_dimensions, values, words);
      return fmt::format("{}({})", text, names);
    }
    const size_t way = draws_.plain().below(4);  // sum, product, max, logsumexp
    constexpr std::string_view kWays[] = {"sum", "product", "max", "logsumexp"};
    std::string all;
    for (size_t i = 0; i < parents.size(); ++i) {
      NodeMatrix& target = i == 0 ? values : buffers_.output;
      buffers_.functions.apply_any(draws_, buffers_.nodes[parents[i]], num_dimensions, target, words);
      all += fmt::format("{}{}({})", i == 0 ? "" : "; ", text, id(parents[i]));
      for (size_t k = 0; i > 0 && k < num_dimensions; ++k) combine(way, buffers_.output.node(k), values.node(k));
    }
    return fmt::format("{}({})", kWays[way], all);
  }

  void combine(size_t way, const float* x, float* into) const {
    for (size_t row = 0; row < shape_.num_rows; ++row) {
      const float a = into[row], b = x[row];
      switch (way) {
        case 0:
          into[row] = a + b;
          break;
        case 1:
          into[row] = a * b;
          break;
        case 2:
          into[row] = std::max(a, b);
          break;
        default: {
          const float most = std::max(a, b);
          into[row] = most + std::log1p(std::exp(std::min(a, b) - most));
        }
      }
    }
  }

  // In three tasks of ten some columns are made of others, or of nothing.
  void make_extras() {
    Draws& plain = draws_.plain();
    const size_t num_features = shape_.num_features;
    Json extras = Json::array();
    if (num_features >= 3 && plain.chance(0.3)) {
      const auto count = static_cast<size_t>(plain.between(1, static_cast<int64_t>(num_features / 3)));
      for (size_t i = 0; i < count; ++i) {
        const size_t column = num_features - 1 - i;  // made of columns that stay
        const size_t from = plain.below(num_features - count), other = plain.below(num_features - count);
        make_extra(static_cast<ExtraKind>(plain.between(1, 4)), column, from, other, extras);
      }
    }
    if (notes_ != nullptr) notes_->details["made_columns"] = extras;
  }

  void make_extra(ExtraKind kind, size_t column, size_t from, size_t other, Json& extras) {
    const size_t num_rows = shape_.num_rows;
    float* to = buffers_.columns.node(column);
    std::vector<float> a(buffers_.columns.node(from), buffers_.columns.node(from) + num_rows);
    std::vector<float> b(buffers_.columns.node(other), buffers_.columns.node(other) + num_rows);
    std::string rule;
    info_[column] = {};
    if (kind == ExtraKind::kCopy) {
      const double noise = draws_.plain().log_uniform(0.01, 1);
      standardise(a.data(), num_rows);
      draws_.bulk().normal(0, 0, static_cast<float>(noise), to, num_rows);
      add_scaled(a.data(), num_rows, 1, to);
      rule = fmt::format("redundant: #{}# plus N(0, {})", from, short_number(noise));
    } else if (kind == ExtraKind::kInteraction) {
      standardise(a.data(), num_rows);
      standardise(b.data(), num_rows);
      for (size_t row = 0; row < num_rows; ++row) to[row] = a[row] * b[row];
      rule = fmt::format("product of #{}# and #{}#", from, other);
    } else if (kind == ExtraKind::kShuffled) {
      const std::vector<uint32_t> order =
          rng_.child("shuffled column", column).permutation(static_cast<uint32_t>(num_rows));
      for (size_t row = 0; row < num_rows; ++row) to[row] = a[order[row]];
      info_[column] = info_[from];
      rule = fmt::format("irrelevant: #{}# in random order", from);
    } else {
      draws_.bulk().normal(0, 0, 1, to, num_rows);
      rule = "irrelevant: noise";
    }
    constexpr std::string_view kKinds[] = {"", "redundant", "interaction", "irrelevant: shuffled", "irrelevant: noise"};
    extras.push_back(kKinds[static_cast<size_t>(kind)]);
    if (notes_ != nullptr) {
      // The node of the column it is made of, or none: an own one.
      if (kind == ExtraKind::kNoise || kind == ExtraKind::kShuffled) {
        const std::string own = fmt::format("e{}", column);
        notes_->add_node(own, "root", own + " = noise");
        notes_->feature_sources[column] = own;
      } else {
        notes_->feature_sources[column] = notes_->feature_sources[from];
      }
      notes_->feature_rules[column] = rule;
    }
  }

  GraphShape shape_;
  double missing_;
  Rng rng_;
  CorrelatedDraws draws_;
  GraphBuffers& buffers_;
  Notes* notes_;
  Placement placement_;
  std::vector<Converter> converters_;
  std::vector<ColumnInfo> info_;
  std::vector<float> label_values_;
};

}  // namespace

void draw_graph_task(const PriorSettings& settings, const Rng& rng, GraphBuffers& buffers, std::vector<int32_t>& labels,
                     Task& task, Notes* notes) {
  GraphShape shape;
  shape.num_rows = draw_num_rows(settings, rng);
  shape.num_features = draw_num_features(PriorKind::kGraph, settings, shape.num_rows, rng);
  shape.num_classes = draw_num_classes(PriorKind::kGraph, settings, rng);
  shape.target = task.target_kind;
  for (uint64_t attempt = 0;; ++attempt) {
    // Drawn again each time: few rows behind it may leave no place for all classes.
    const double share = Draws(rng.child("split", attempt)).uniform(0.3, 0.9);
    shape.split = static_cast<size_t>(static_cast<double>(shape.num_rows) * share);
    if (notes != nullptr) *notes = {};
    const auto rejection =
        GraphTask(shape, settings.missing, rng.child("attempt", attempt), buffers, notes).draw(labels, task);
    if (!rejection) break;
    ++task.rejections[static_cast<size_t>(*rejection)];
  }
  task.prior = name_of(PriorKind::kGraph);
  if (notes != nullptr) {
    notes->details["split"] = shape.split;
    if (shape.target == TargetKind::kClass) notes->details["classes_asked"] = shape.num_classes;
    notes->details["features_asked"] = shape.num_features;
  }
}

}  // namespace manyshot::prior
