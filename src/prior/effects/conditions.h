// Yes or no about the rows of an `effects` task: what thresholds, rules, lists and parities are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "prior/effects/columns.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

struct Condition {
  size_t column = 0;
  std::vector<uint8_t> holds;  // [rows]
  std::string text;            // "f3 > 1.5", "f2 in 4 of 9 levels"
};

// About one column: a number above (or not above) its value in a random row between the 10th and the 90th hundredth of
// the rows, or a level in a random set. `balanced`: about half of the rows.
Condition draw_condition(const EffectTable& table, size_t column, bool balanced, Draws& draws);

// Conditions on different columns, all of which must hold.
struct Rule {
  std::vector<size_t> columns;
  std::vector<uint8_t> holds;  // [rows]
  std::string text;
};
// REQUIRES: 1 <= num_conditions; at most as many as there are causes are drawn.
Rule draw_rule(const EffectTable& table, size_t num_conditions, Draws& draws);

// `count` of `from`, or all, in random order.
std::vector<size_t> choose_columns(const std::vector<size_t>& from, size_t count, Draws& draws);

}  // namespace manyshot::prior
