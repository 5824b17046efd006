// What the words of a column say of the target, as columns of numbers: ridge regression on its terms
// (encoding/parts/text_terms.h), weighted by their rarity among the labelled rows (Sparck Jones 1972) and scaled to
// length 1. Fitted on the labelled rows, and kept only where it predicts held-out ones better than nothing does.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "encoding/parts/held_out.h"
#include "table/table.h"

namespace manyshot {

class TextScores {
 public:
  static constexpr size_t kMostRows = 1'024;  // that it is fitted on; of more an even choice

  // Of those places of the targets where the words help (encoding/parts/held_out.h); nothing where they help nowhere.
  // REQUIRES: a column of strings.
  struct Fitted;
  static std::optional<Fitted> fit(const Column& shots, const ScoredTargets& targets);

  // [rows, width] The same for a cell whatever stands beside it; a missing one, and what is no string, is like an empty
  // text.
  std::vector<double> predict(const Column& cells, size_t num_rows) const;
  size_t width() const { return means_.size(); }
  // [width] The places of the targets that are scored, ascending.
  const std::vector<uint32_t>& places() const { return places_; }

  void write(ByteWriter& writer) const;
  static TextScores read(ByteReader& reader);

 private:
  void find_places();

  std::vector<uint32_t> places_;  // [width]
  std::vector<double> means_;     // [width]
  std::vector<uint32_t> terms_;   // places of the labelled rows' terms, ascending
  std::vector<double> rarities_;  // [terms]
  std::vector<double> weights_;   // [terms, width]
  std::vector<int32_t> term_at_;  // [kTextPlaces] index into terms_; -1: none
};

struct TextScores::Fitted {
  TextScores scores;
  std::vector<double> honest;  // [N, width] each labelled row by a fit without its fold
  double explained = 0;        // of the variance of held-out rows, over the scored places
};

}  // namespace manyshot
