#include "predict/ensemble.h"

#include <algorithm>

#include "predict/select_rows.h"

namespace manyshot {
namespace {

// Deals `hand_size` different cards from an endless row of shuffled decks of n cards, so that after any number of hands each card has
// been dealt equally often, give or take one.
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

std::vector<TaskView> make_views(std::span<const int32_t> labels, size_t num_classes, size_t num_features,
                                 const EnsembleShape& shape, const Rng& rng) {
  std::vector<TaskView> views(shape.members);
  Deck columns(static_cast<uint32_t>(num_features), rng.child("columns"));
  for (size_t member = 0; member < views.size(); ++member) {
    TaskView& view = views[member];
    const Rng member_rng = rng.child("member", member);
    const auto rows = select_rows(labels, num_classes, shape.max_rows, Selection::kStratified, member_rng.child("subset"));
    for (const uint32_t place : member_rng.child("row order").permutation(static_cast<uint32_t>(rows.size()))) {
      view.rows.push_back(static_cast<uint32_t>(rows[place]));
    }
    view.features = columns.deal(std::min(num_features, shape.max_features));
    view.labels = member_rng.child("labels").sample(static_cast<uint32_t>(shape.num_label_ids), static_cast<uint32_t>(num_classes));
  }
  return views;
}

}  // namespace manyshot
