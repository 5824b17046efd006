#include "prior/forest_prior.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/task/classification.h"
#include "prior/task/number_target.h"
#include "prior/task/sizes.h"

namespace manyshot::prior {
namespace {

// One random tree over some of the columns; leaves name classes in turn, or hold N(0, 1) draws when num_classes is 0.
class SampledTree {
 public:
  SampledTree(const std::vector<uint32_t>& features, const std::vector<Extremes>& ranges, int num_classes,
              size_t max_depth, double stop, Draws& draws)
      : features_(features), num_classes_(num_classes), max_depth_(max_depth), stop_(stop), draws_(draws) {
    if (num_classes > 0) next_class_ = static_cast<int32_t>(draws.below(static_cast<uint64_t>(num_classes)));
    std::vector<Extremes> open = ranges;
    grow(0, open);
  }

  int32_t class_of(const NodeMatrix& columns, size_t row) const { return leaf_of(columns, row).leaf_class; }
  float value_of(const NodeMatrix& columns, size_t row) const { return leaf_of(columns, row).threshold; }
  size_t num_leaves() const { return (nodes_.size() + 1) / 2; }
  std::string root_text() const {
    return nodes_[0].right == 0 ? "a leaf"
                                : fmt::format("f{} > {}", nodes_[0].feature, short_number(nodes_[0].threshold));
  }
  void count_features(std::vector<size_t>& counts) const {
    for (const Node& node : nodes_) counts[node.feature] += node.right != 0 ? 1 : 0;
  }

 private:
  // The left child stands behind its parent; right is 0 for a leaf.
  struct Node {
    uint32_t feature = 0;
    float threshold = 0;  // of a leaf: its value
    uint32_t right = 0;
    int32_t leaf_class = 0;
  };

  const Node& leaf_of(const NodeMatrix& columns, size_t row) const {
    size_t at = 0;
    while (nodes_[at].right != 0) {
      const Node& node = nodes_[at];
      at = columns.node(node.feature)[row] > node.threshold ? node.right : at + 1;
    }
    return nodes_[at];
  }

  // A feature at random, a threshold uniform in what is still open of it.
  void grow(size_t depth, std::vector<Extremes>& open) {
    const size_t at = nodes_.size();
    nodes_.emplace_back();
    if (depth >= max_depth_ || (depth > 0 && draws_.chance(stop_))) {
      if (num_classes_ > 0) {
        nodes_[at].leaf_class = next_class_;
        next_class_ = (next_class_ + 1) % num_classes_;
      } else {
        nodes_[at].threshold = static_cast<float>(draws_.normal());
      }
      return;
    }
    const uint32_t feature = features_[draws_.below(features_.size())];
    const Extremes whole = open[feature];
    const auto threshold = static_cast<float>(draws_.uniform(whole.low, whole.high));
    open[feature] = {whole.low, threshold};
    grow(depth + 1, open);
    const auto right = static_cast<uint32_t>(nodes_.size());
    open[feature] = {threshold, whole.high};
    grow(depth + 1, open);
    open[feature] = whole;
    nodes_[at].feature = feature;
    nodes_[at].threshold = threshold;
    nodes_[at].right = right;
  }

  const std::vector<uint32_t>& features_;
  int32_t num_classes_;
  size_t max_depth_;
  double stop_;
  Draws& draws_;
  int32_t next_class_ = 0;
  std::vector<Node> nodes_;
};

// Numeric columns N(0,1) or uniform; categorical ones with 2 + Geometric levels and random frequencies.
void draw_columns(const Rng& rng, NodeMatrix& columns, std::vector<ColumnInfo>& info, Notes* notes) {
  Draws draws(rng.child("laws"));
  const BulkRandom bulk(rng.child("values"));
  const double categorical = draws.uniform();
  for (uint32_t feature = 0; feature < info.size(); ++feature) {
    float* x = columns.node(feature);
    std::string law;
    if (draws.chance(categorical)) {
      int32_t num_levels = 2;
      while (num_levels < 40 && draws.chance(0.6)) ++num_levels;
      std::vector<float> bounds;
      std::vector<double> shares;
      double total = 0, reached = 0;
      for (int32_t level = 0; level < num_levels; ++level) total += shares.emplace_back(draws.exponential());
      for (const double share : shares) bounds.push_back(static_cast<float>((reached += share) / total));
      bounds.pop_back();
      bulk.uniform(feature, 0, 1, x, columns.num_rows());
      std::vector<int32_t> codes(columns.num_rows());
      count_below(x, columns.num_rows(), bounds.data(), bounds.size(), codes.data());
      std::copy(codes.begin(), codes.end(), x);
      info[feature].kind = ColumnKind::kCategorical;
      info[feature].num_levels = num_levels;
      law = fmt::format("one of {} levels", num_levels);
    } else if (draws.chance(0.7)) {
      bulk.normal(feature, 0, 1, x, columns.num_rows());
      law = "N(0, 1)";
    } else {
      bulk.uniform(feature, -1.7f, 1.7f, x, columns.num_rows());
      law = "U(-1.7, 1.7)";
    }
    if (notes != nullptr) {
      const std::string id = fmt::format("f{}", feature);
      notes->add_node(id, "root", fmt::format("{} ~ {}", id, law));
      notes->feature_sources.push_back(id);
      notes->feature_rules.emplace_back();
    }
  }
}

// What the trees of a task say of its rows: `votes` [rows, num_classes] for classes, `score` [rows] for numbers, whose
// num_classes is 0.
struct Answers {
  std::vector<std::vector<uint16_t>> votes;
  std::vector<float> score;
};

Answers ask_trees(const Rng& rng, const NodeMatrix& columns, int num_classes, Notes* notes) {
  Draws draws(rng);
  const size_t num_features = columns.num_nodes();
  const auto num_used = static_cast<uint32_t>(draws.between(1, static_cast<int64_t>(num_features)));
  const std::vector<uint32_t> used = rng.child("used").sample(static_cast<uint32_t>(num_features), num_used);
  const auto num_trees = static_cast<size_t>(draws.log_uniform(1, 31));
  const auto least_depth = std::lrint(std::ceil(std::log2(std::max(num_classes, 2))));
  const auto max_depth = static_cast<size_t>(draws.between(std::max<long>(2, least_depth), 10));
  const double stop = draws.uniform(0, 0.3);
  std::vector<Extremes> ranges;
  for (size_t feature = 0; feature < num_features; ++feature)
    ranges.push_back(column_extremes(columns.node(feature), columns.num_rows()));
  Answers answers;
  if (num_classes > 0) {
    answers.votes.assign(columns.num_rows(), std::vector<uint16_t>(static_cast<size_t>(num_classes), 0));
  } else {
    answers.score.assign(columns.num_rows(), 0);
  }
  std::vector<size_t> counts(num_features, 0);
  size_t leaves = 0;
  std::string roots;
  for (size_t tree = 0; tree < num_trees; ++tree) {
    const SampledTree sampled(used, ranges, num_classes, max_depth, stop, draws);
    for (size_t row = 0; row < answers.votes.size(); ++row)
      ++answers.votes[row][static_cast<size_t>(sampled.class_of(columns, row))];
    for (size_t row = 0; row < answers.score.size(); ++row) answers.score[row] += sampled.value_of(columns, row);
    sampled.count_features(counts);
    leaves += sampled.num_leaves();
    if (tree < 4) roots += (tree == 0 ? "" : "; ") + sampled.root_text();
  }
  if (notes != nullptr) {
    notes->hyper_parameters = {
        {"trees", num_trees}, {"max_depth", max_depth}, {"stop", stop}, {"features_used", num_used}};
    notes->details["leaves"] = leaves;
    notes->label_source = num_classes > 0 ? "vote" : "mean";
    notes->add_node(notes->label_source, "hidden",
                    fmt::format("{} of {} trees, {} leaves; roots {}",
                                num_classes > 0 ? "vote = majority" : "mean = mean of the leaves' N(0, 1) values",
                                num_trees, leaves, roots));
    for (size_t feature = 0; feature < num_features; ++feature) {
      if (counts[feature] > 0)
        notes->add_edge(fmt::format("f{}", feature), notes->label_source, static_cast<double>(counts[feature]));
    }
    if (num_classes > 0) notes->label_rule = fmt::format("the class most trees name, of {}", num_classes);
  }
  return answers;
}

void take_votes(const std::vector<std::vector<uint16_t>>& votes, std::vector<int32_t>& labels) {
  labels.resize(votes.size());
  for (size_t row = 0; row < labels.size(); ++row)
    labels[row] = static_cast<int32_t>(std::max_element(votes[row].begin(), votes[row].end()) - votes[row].begin());
}

}  // namespace

void draw_forest_task(const PriorSettings& settings, const Rng& rng, NodeMatrix& columns, std::vector<int32_t>& labels,
                      Task& task, Notes* notes) {
  const size_t num_rows = draw_num_rows(settings, rng);
  const size_t num_features = draw_num_features(PriorKind::kForest, settings, num_rows, rng);
  const int asked = draw_num_classes(PriorKind::kForest, settings, rng);
  const bool is_number = task.target_kind == TargetKind::kNumber;
  task.prior = name_of(PriorKind::kForest);
  for (uint64_t attempt = 0;; ++attempt) {
    const Rng again = rng.child("attempt", attempt);
    const double share = Draws(again.child("split")).uniform(0.3, 0.9);
    const auto split = static_cast<size_t>(static_cast<double>(num_rows) * share);
    if (notes != nullptr) *notes = {};
    columns.reshape(num_features, num_rows);
    std::vector<ColumnInfo> info(num_features);
    draw_columns(again.child("columns"), columns, info, notes);
    Answers answers = ask_trees(again.child("labels"), columns, is_number ? 0 : asked, notes);
    int num_classes = 0;
    RowOrder order;
    std::optional<Rejection> rejection;
    if (is_number) {
      rejection = make_number_target(answers.score, columns, again.child("target"), task, notes);
    } else {
      take_votes(answers.votes, labels);
      num_classes = compact_labels(asked, again.child("label order"), labels);
      order = order_rows(labels, num_classes, split, again.child("rows"));
      rejection = order.rejection;
    }
    if (!rejection)
      rejection = finish_columns(columns, info, order.order, again.child("order"), task, /*clamp_levels=*/false, notes);
    if (!rejection) {
      if (!is_number) finish_labels(labels, num_classes, order.order, task);
      if (notes != nullptr) notes->details["split"] = split;
      return;
    }
    ++task.rejections[static_cast<size_t>(*rejection)];
  }
}

}  // namespace manyshot::prior
