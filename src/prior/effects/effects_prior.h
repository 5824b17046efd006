// The prior `effects`: tables as people have them, with a target that is a sum of effects, a softmax of several, rules
// or prototypes; no graph, and cheap to draw (docs/prior.md, "effects").
#pragma once

#include "core/rng.h"
#include "prior/effects/columns.h"
#include "prior/options.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

struct EffectsBuffers {
  EffectTable table;
  std::vector<int32_t> labels;
};

// `task.target_kind` says what is asked for.
void draw_effects_task(const PriorSettings& settings, const Rng& rng, EffectsBuffers& buffers, Task& task,
                       Notes* notes);

}  // namespace manyshot::prior
