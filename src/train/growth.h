// A live stream that changes as a stage goes on: first small tasks, then more rows, columns and classes.
#pragma once

#include <vector>

#include "corpus/options.h"
#include "train/recipe.h"

namespace manyshot::train {

struct GrowthPhase {
  double begin = 0;  // share of the stage's steps from which it holds
  CorpusOptions corpus;
};

// The phases of a stage that draws_tasks(), in order; one that begins at 0 when nothing grows. An entry of `grow` is
// "SHARE: key=value key=value", keys of the corpus; what it does not name is as in the entry before. The stage's
// max_tokens holds for the corpus. Throws OptionError of `grow` for entries that cannot be read or are out of order.
std::vector<GrowthPhase> growth_phases(const StageRecipe& stage);

}  // namespace manyshot::train
