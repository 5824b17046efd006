#include "predict/ensemble.h"

#include <algorithm>
#include <numeric>

#include "predict/select_rows.h"

namespace manyshot {
namespace {

// Columns by decreasing relevance; equal ones in their order.
std::vector<uint32_t> by_relevance(std::span<const double> relevance) {
  std::vector<uint32_t> order(relevance.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return relevance[a] > relevance[b]; });
  return order;
}

// Deals `hand_size` different cards from an endless row of shuffled decks of n cards, so that after any number of hands
// each card has been dealt equally often, give or take one.
class Deck {
 public:
  Deck(uint32_t n, const Rng& rng) : n_(n), rng_(rng) {}

  std::vector<uint32_t> deal(size_t hand_size) {
    std::vector<uint32_t> hand;
    std::vector<uint32_t> passed;  // duplicates within this hand wait for the next one
    while (hand.size() < hand_size) {
      if (rest_.empty()) rest_ = rng_.child("deck", next_deck_++).permutation(n_);
      const uint32_t card = rest_.back();
      rest_.pop_back();
      auto& pile = std::find(hand.begin(), hand.end(), card) == hand.end() ? hand : passed;
      pile.push_back(card);
    }
    rest_.insert(rest_.end(), passed.rbegin(), passed.rend());
    return hand;
  }

 private:
  uint32_t n_;
  Rng rng_;
  uint64_t next_deck_ = 0;
  std::vector<uint32_t> rest_;
};

}  // namespace

std::vector<TaskView> make_views(std::span<const int32_t> labels, size_t num_classes, std::span<const double> relevance,
                                 const EnsembleShape& shape, const Rng& rng) {
  const std::vector<uint32_t> ranked = by_relevance(relevance);
  const size_t num_shared = ranked.size() <= shape.max_features ? ranked.size() : shape.max_features / 2;
  const size_t num_dealt = std::min(ranked.size(), shape.max_features) - num_shared;
  Deck others(static_cast<uint32_t>(ranked.size() - num_shared), rng.child("columns"));
  std::vector<TaskView> views(shape.members);
  for (size_t member = 0; member < views.size(); ++member) {
    TaskView& view = views[member];
    view.scale = shape.both_scales && member % 2 == 1 ? NumberScale::kRanks : NumberScale::kValues;
    const Rng member_rng = rng.child("member", member);
    const auto rows =
        select_rows(labels, num_classes, shape.max_rows, Selection::kStratified, member_rng.child("subset"));
    for (const uint32_t place : member_rng.child("row order").permutation(static_cast<uint32_t>(rows.size()))) {
      view.rows.push_back(static_cast<uint32_t>(rows[place]));
    }
    std::vector<uint32_t> columns(ranked.begin(), ranked.begin() + static_cast<ptrdiff_t>(num_shared));
    for (const uint32_t card : others.deal(num_dealt)) columns.push_back(ranked[num_shared + card]);
    for (const uint32_t place : member_rng.child("column order").permutation(static_cast<uint32_t>(columns.size()))) {
      view.features.push_back(columns[place]);
    }
    view.category_seed = member_rng.child("categories").bits(0);
    view.labels = member_rng.child("labels").sample(static_cast<uint32_t>(shape.num_label_ids),
                                                    static_cast<uint32_t>(num_classes));
  }
  return views;
}

void share_out_rows(std::span<const int32_t> labels, size_t num_classes, size_t parts, const Rng& rng,
                    std::span<TaskView> views) {
  const std::vector<int32_t> group_of = stratified_folds(labels, num_classes, static_cast<int>(parts), rng);
  for (size_t member = 0; member < views.size(); ++member) {
    const auto group = static_cast<int32_t>(member % parts);
    std::vector<bool> is_lacking(num_classes, true);
    for (size_t row = 0; row < labels.size(); ++row) {
      if (group_of[row] == group) is_lacking[static_cast<size_t>(labels[row])] = false;
    }
    std::erase_if(views[member].rows, [&](uint32_t row) {
      if (group_of[row] == group) return false;
      const auto k = static_cast<size_t>(labels[row]);
      const bool is_substitute = is_lacking[k];
      is_lacking[k] = false;
      return !is_substitute;
    });
  }
}

}  // namespace manyshot
