// Scores and labels of an `effects` task (docs/prior.md, "effects").
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/names.h"
#include "core/rng.h"
#include "prior/effects/columns.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

// How labels come about.
enum class EffectLabels {
  kCuts,        // intervals of one noisy score
  kSoftmax,     // drawn from the softmax of a score for each class
  kRules,       // the class of the first rule that holds, some labels wrong
  kPrototypes,  // the class of the nearest prototype
};
constexpr auto names_of(EffectLabels) {
  return std::to_array<Named<EffectLabels>>({{EffectLabels::kCuts, "cuts"},
                                             {EffectLabels::kSoftmax, "softmax"},
                                             {EffectLabels::kRules, "rules"},
                                             {EffectLabels::kPrototypes, "prototypes"}});
}
inline constexpr size_t kNumEffectLabels = names_of(EffectLabels{}).size();

// More classes, more prototypes.
EffectLabels draw_effect_labels(const EffectTable& table, int num_classes, Draws& draws);

// The sum of weighted terms [rows], standardised; nothing when it is the same in all rows.
std::optional<std::vector<float>> draw_score(const EffectTable& table, const Rng& rng, Notes* notes);

// labels [rows] in 0..num_classes-1; some classes may be empty. False when the score is constant.
bool make_effect_labels(EffectLabels kind, const EffectTable& table, int num_classes, const Rng& rng,
                        std::vector<int32_t>& labels, Notes* notes);

}  // namespace manyshot::prior
