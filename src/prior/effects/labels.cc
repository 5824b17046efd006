#include "prior/effects/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "prior/effects/conditions.h"
#include "prior/effects/terms.h"
#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/task/number_target.h"

namespace manyshot::prior {
namespace {

constexpr double kFewClasses[kNumEffectLabels] = {0.35, 0.3, 0.2, 0.15};
constexpr double kManyClasses[kNumEffectLabels] = {0.15, 0.35, 0.05, 0.45};
constexpr int kMostFewClasses = 10;

// In a quarter of the tasks one class is rare: its share of the rows, 1 % to 10 %, at least 4 rows; else 0.
double draw_rare_share(size_t num_rows, Draws& draws) {
  if (!draws.chance(0.25)) return 0;
  return std::max(draws.log_uniform(0.01, 0.1), 4.0 / static_cast<double>(num_rows));
}

class LabelDrawer {
 public:
  LabelDrawer(const EffectTable& table, int num_classes, const Rng& rng, std::vector<int32_t>& labels, Notes* notes)
      : table_(table),
        num_classes_(static_cast<size_t>(num_classes)),
        rng_(rng),
        draws_(rng),
        labels_(labels),
        notes_(notes) {
    labels.assign(table.num_rows(), 0);
  }

  bool cut();
  bool pick_by_scores();
  bool apply_rules();
  bool find_prototypes();

 private:
  size_t num_rows() const { return table_.num_rows(); }
  void add_class_node(const char* id, const std::string& equation, const std::string& rule) {
    if (notes_ == nullptr) return;
    notes_->add_node(id, "hidden", fmt::format("{} = {}", id, equation));
    notes_->label_source = id;
    notes_->label_rule = rule;
  }
  void add_edges(const std::vector<size_t>& columns, const char* id) {
    if (notes_ == nullptr) return;
    for (const size_t column : columns) notes_->add_edge(fmt::format("f{}", column), id);
  }
  std::vector<double> interval_shares(double rare);
  void make_rare(double share, const NodeMatrix& scores);
  double flip_labels();

  const EffectTable& table_;
  size_t num_classes_;
  Rng rng_;
  Draws draws_;
  std::vector<int32_t>& labels_;
  Notes* notes_;
};

// Even or random; one of them the rare one's.
std::vector<double> LabelDrawer::interval_shares(double rare) {
  std::vector<double> shares(num_classes_, 1.0);
  if (draws_.chance(0.6)) {
    for (double& share : shares) share = 0.1 + draws_.exponential();
  }
  const size_t chosen = rare > 0 ? draws_.below(num_classes_) : num_classes_;
  double total = 0;
  for (size_t k = 0; k < num_classes_; ++k) total += k == chosen ? 0 : shares[k];
  for (double& share : shares) share *= (1 - rare) / total;
  if (chosen < num_classes_) shares[chosen] = rare;
  return shares;
}

bool LabelDrawer::cut() {
  std::optional<std::vector<float>> score = draw_score(table_, rng_.child("score"), notes_);
  if (!score) return false;
  const std::string noise = add_noise(draw_noise_law(draws_), table_.drivers, rng_, *score);
  const double rare = draw_rare_share(num_rows(), draws_);
  const std::vector<double> shares = interval_shares(rare);
  std::vector<float> sorted = *score;
  std::sort(sorted.begin(), sorted.end());
  std::vector<float> bounds;
  double reached = 0;
  for (size_t k = 0; k + 1 < num_classes_; ++k) {
    reached += shares[k] * static_cast<double>(num_rows());
    const auto place = std::clamp<size_t>(static_cast<size_t>(std::llrint(reached)), 1, num_rows() - 1);
    // A class is what lies above its bound: the largest value cannot be one.
    float bound = sorted[place - 1];
    if (bound == sorted.back()) {
      const auto largest = std::lower_bound(sorted.begin(), sorted.end(), bound);
      if (largest == sorted.begin()) return false;
      bound = *(largest - 1);
    }
    bounds.push_back(bound);
  }
  count_below(score->data(), num_rows(), bounds.data(), bounds.size(), labels_.data());
  if (notes_ != nullptr)
    notes_->label_rule = fmt::format("standardised, {}, cut into {} intervals{}", noise, num_classes_,
                                     rare > 0 ? fmt::format(", one of {:.1f} % of the rows", 100 * rare) : "");
  return true;
}

// The rows where one class leads by most, or trails by least, become its own; the others lose it.
void LabelDrawer::make_rare(double share, const NodeMatrix& scores) {
  const size_t rare = draws_.below(num_classes_);
  std::vector<float> margins(num_rows());
  std::vector<int32_t> others(num_rows());
  for (size_t row = 0; row < num_rows(); ++row) {
    float best = -std::numeric_limits<float>::infinity();
    for (size_t k = 0; k < num_classes_; ++k) {
      if (k != rare && scores.node(k)[row] > best) best = scores.node(k)[row], others[row] = static_cast<int32_t>(k);
    }
    margins[row] = scores.node(rare)[row] - best;
  }
  std::vector<float> sorted = margins;
  std::sort(sorted.begin(), sorted.end());
  const auto count = static_cast<size_t>(std::lrint(share * static_cast<double>(num_rows())));
  const float bound = sorted[num_rows() - count];
  for (size_t row = 0; row < num_rows(); ++row)
    labels_[row] = margins[row] >= bound ? static_cast<int32_t>(rare) : others[row];
}

bool LabelDrawer::pick_by_scores() {
  const auto num_terms = static_cast<size_t>(draws_.between(2, 6));
  const std::vector<Term> terms = draw_terms(num_terms, table_, rng_.child("terms"), notes_);
  const double sharpness = draws_.log_uniform(1, 30), spread = draws_.chance(0.5) ? draws_.uniform(0, 2) : 0;
  const BulkRandom noise(rng_.child("gumbel"));
  NodeMatrix scores;
  scores.reshape(num_classes_, num_rows());
  std::vector<float> u(num_rows()), best(num_rows(), -std::numeric_limits<float>::infinity());
  for (size_t k = 0; k < num_classes_; ++k) {
    std::vector<double> weights(num_terms);
    double squares = 1e-12;
    for (double& weight : weights) weight = draws_.normal(), squares += weight * weight;
    const auto offset = static_cast<float>(spread * draws_.normal());
    float* score = scores.node(k);
    noise.uniform(static_cast<uint32_t>(k), 1e-7f, 1, u.data(), num_rows());
    for (size_t row = 0; row < num_rows(); ++row) score[row] = offset - std::log(-std::log(u[row]));
    for (size_t t = 0; t < num_terms; ++t) {
      const auto factor = static_cast<float>(sharpness * weights[t] / std::sqrt(squares));
      add_scaled(terms[t].values.data(), num_rows(), factor, score);
    }
    for (size_t row = 0; row < num_rows(); ++row) {
      if (score[row] > best[row]) best[row] = score[row], labels_[row] = static_cast<int32_t>(k);
    }
  }
  const double rare = draw_rare_share(num_rows(), draws_);
  if (rare > 0) make_rare(rare, scores);
  const bool varies = std::any_of(terms.begin(), terms.end(), [](const Term& term) {
    return std::any_of(term.values.begin(), term.values.end(), [](float v) { return v != 0; });
  });
  add_class_node(
      "scores",
      fmt::format("{} random sums of {} terms, sharpness {}", num_classes_, num_terms, short_number(sharpness)),
      fmt::format("drawn from the softmax of {} scores{}", num_classes_,
                  rare > 0 ? fmt::format(", one class cut to {:.1f} % of the rows", 100 * rare) : ""));
  for (size_t t = 0; notes_ != nullptr && t < num_terms; ++t) notes_->add_edge(fmt::format("t{}", t), "scores");
  return varies;
}

// In some tasks some rows get the label of any row. Returns their share.
double LabelDrawer::flip_labels() {
  if (draws_.chance(0.4)) return 0;
  const double rate = draws_.log_uniform(0.01, 0.25);
  const std::vector<int32_t> before = labels_;
  std::vector<float> u(num_rows());
  BulkRandom(rng_.child("flips")).uniform(0, 0, 1, u.data(), num_rows());
  for (size_t row = 0; row < num_rows(); ++row) {
    if (u[row] >= static_cast<float>(rate)) continue;
    const auto other = static_cast<size_t>(u[row] / rate * static_cast<double>(num_rows()));
    labels_[row] = before[std::min(other, num_rows() - 1)];
  }
  return rate;
}

bool LabelDrawer::apply_rules() {
  const size_t count = num_classes_ - 1 + static_cast<size_t>(draws_.between(0, static_cast<int64_t>(num_classes_)));
  std::fill(labels_.begin(), labels_.end(), -1);
  std::vector<size_t> columns;
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const Rule rule = draw_rule(table_, static_cast<size_t>(draws_.between(1, 4)), draws_);
    const auto named = static_cast<int32_t>(i % num_classes_);
    for (size_t row = 0; row < num_rows(); ++row) {
      if (rule.holds[row] != 0 && labels_[row] < 0) labels_[row] = named;
    }
    columns.insert(columns.end(), rule.columns.begin(), rule.columns.end());
    text += fmt::format("if {} then {}, else ", rule.text, named);
  }
  const auto rest = static_cast<int32_t>(num_classes_) - 1;
  for (int32_t& label : labels_) label = label < 0 ? rest : label;
  const double rate = flip_labels();
  add_class_node("rules", text + std::to_string(rest),
                 fmt::format("the rules' class{}", rate > 0 ? fmt::format(", {:.1f} % of any row", 100 * rate) : ""));
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  add_edges(columns, "rules");
  return true;
}

bool LabelDrawer::find_prototypes() {
  const std::vector<size_t> numbers =
      choose_columns(table_.numbers(), static_cast<size_t>(draws_.between(1, 6)), draws_);
  std::vector<size_t> levels;
  if (draws_.chance(0.3)) levels = choose_columns(table_.levels(), static_cast<size_t>(draws_.between(1, 2)), draws_);
  const double noise = draws_.chance(0.7) ? draws_.log_uniform(0.02, 1) : 0;
  NodeMatrix places;
  places.reshape(numbers.size(), num_rows());
  const BulkRandom bulk(rng_.child("places"));
  for (size_t i = 0; i < numbers.size(); ++i) {
    bulk.normal(static_cast<uint32_t>(i), 0, static_cast<float>(noise), places.node(i), num_rows());
    add_scaled(table_.drivers.node(numbers[i]), num_rows(), 1, places.node(i));
  }
  const size_t count = num_classes_ * static_cast<size_t>(draws_.between(1, 3));
  std::vector<float> nearest(num_rows(), std::numeric_limits<float>::infinity()), squares(num_rows());
  for (size_t prototype = 0; prototype < count; ++prototype) {
    const size_t centre = draws_.below(num_rows());
    std::fill(squares.begin(), squares.end(), 0.0f);
    for (size_t i = 0; i < numbers.size(); ++i) {
      const float at = table_.drivers.node(numbers[i])[centre];
      const float* x = places.node(i);
      for (size_t row = 0; row < num_rows(); ++row) squares[row] += (x[row] - at) * (x[row] - at);
    }
    for (const size_t column : levels) {
      const int32_t level = table_.level(column, centre);
      for (size_t row = 0; row < num_rows(); ++row) squares[row] += table_.level(column, row) == level ? 0.0f : 1.0f;
    }
    for (size_t row = 0; row < num_rows(); ++row) {
      if (squares[row] >= nearest[row]) continue;
      nearest[row] = squares[row];
      labels_[row] = static_cast<int32_t>(prototype % num_classes_);
    }
  }
  add_class_node("prototypes",
                 fmt::format("{} rows, {} for a class; {} numbers (moved by N(0, {})) and {} columns of levels", count,
                             count / num_classes_, numbers.size(), short_number(noise), levels.size()),
                 "the class of the nearest prototype");
  add_edges(numbers, "prototypes");
  add_edges(levels, "prototypes");
  return true;
}

}  // namespace

EffectLabels draw_effect_labels(const EffectTable& table, int num_classes, Draws& draws) {
  std::array<double, kNumEffectLabels> weights{};
  std::copy_n(num_classes > kMostFewClasses ? kManyClasses : kFewClasses, weights.size(), weights.begin());
  if (table.numbers().empty()) weights[static_cast<size_t>(EffectLabels::kPrototypes)] = 0;
  return static_cast<EffectLabels>(draws.weighted(weights));
}

std::optional<std::vector<float>> draw_score(const EffectTable& table, const Rng& rng, Notes* notes) {
  Draws draws(rng);
  const auto num_terms = draws.chance(0.3) ? size_t{1} : static_cast<size_t>(draws.between(2, 6));
  const std::vector<Term> terms = draw_terms(num_terms, table, rng.child("terms"), notes);
  std::vector<float> score(table.num_rows(), 0.0f);
  std::string text;
  for (size_t t = 0; t < num_terms; ++t) {
    const double weight = std::exp(0.7 * draws.normal());
    add_scaled(terms[t].values.data(), score.size(), static_cast<float>(weight), score.data());
    text += fmt::format("{}{:.3g} t{}", t == 0 ? "" : " + ", weight, t);
  }
  standardise_within(score.data(), score.size(), score.data());
  if (std::all_of(score.begin(), score.end(), [](float v) { return v == 0; })) return std::nullopt;
  if (notes != nullptr) {
    notes->add_node("score", "hidden", "score = " + text);
    for (size_t t = 0; t < num_terms; ++t) notes->add_edge(fmt::format("t{}", t), "score");
    notes->label_source = "score";
  }
  return score;
}

bool make_effect_labels(EffectLabels kind, const EffectTable& table, int num_classes, const Rng& rng,
                        std::vector<int32_t>& labels, Notes* notes) {
  LabelDrawer drawer(table, num_classes, rng, labels, notes);
  switch (kind) {
    case EffectLabels::kCuts:
      return drawer.cut();
    case EffectLabels::kSoftmax:
      return drawer.pick_by_scores();
    case EffectLabels::kRules:
      return drawer.apply_rules();
    case EffectLabels::kPrototypes:
      return drawer.find_prototypes();
  }
  return false;
}

}  // namespace manyshot::prior
