// What the score of an `effects` task is a sum of.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/rng.h"
#include "prior/effects/columns.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

enum class TermKind {
  kLinear,        // nearly linear in few or nearly all columns
  kLevels,        // an effect of each level of a column
  kSmooth,        // a function of one number: piecewise linear, saturating, U-shaped, periodic
  kSteps,         // of one number, at 1 to 3 thresholds
  kPair,          // product of two numbers, a slope for each level, or an effect for each pair of levels
  kRules,         // conjunctions of 1 to 4 conditions, each with a weight
  kParity,        // of 2 or 3 conditions that hold for half of the rows
  kDecisionList,  // the value of the first rule that holds
  kPrototypes,    // distance to the nearest of a few rows, or that row's value
};
constexpr auto names_of(TermKind) {
  return std::to_array<Named<TermKind>>({{TermKind::kLinear, "linear"},
                                         {TermKind::kLevels, "levels"},
                                         {TermKind::kSmooth, "smooth"},
                                         {TermKind::kSteps, "steps"},
                                         {TermKind::kPair, "pair"},
                                         {TermKind::kRules, "rules"},
                                         {TermKind::kParity, "parity"},
                                         {TermKind::kDecisionList, "decision_list"},
                                         {TermKind::kPrototypes, "prototypes"}});
}
inline constexpr size_t kNumTermKinds = names_of(TermKind{}).size();

struct Term {
  TermKind kind = TermKind::kLinear;
  std::vector<float> values;    // [rows], standardised; zeros when it is the same in all rows
  std::vector<size_t> columns;  // that it reads
  std::string text;
};

// A kind that the table's columns allow.
TermKind draw_term_kind(const EffectTable& table, Draws& draws);
// REQUIRES: the table's columns allow the kind.
Term draw_term(TermKind kind, const EffectTable& table, const Rng& rng);

// `count` terms of random kinds. With `notes`, term t is node "t<t>".
std::vector<Term> draw_terms(size_t count, const EffectTable& table, const Rng& rng, Notes* notes);

// The effect of each level of a column: N(0, 1), or, for nested ones, partly that of the source's level.
std::vector<float> level_effects(const EffectTable& table, size_t column, const Rng& rng);

}  // namespace manyshot::prior
